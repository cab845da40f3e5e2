import { z } from "zod";
import { commonPatterns, compilePattern, linuxPatterns, type Pattern } from "./binaries/pattern.js";
import { InputError } from "./errors.js";
import { correctName } from "./field-names.js";
import { faultOf, limitPassedBy, repeatedName } from "./json.js";
import { formatPlatform, parsePlatform } from "./oci/platform.js";
import { formatRepository, parseReference, parseRepository, type Repository } from "./registry/reference.js";
import { type ImageOf, problemOf as imageProblemOf, resolveImages } from "./release-images.js";
import { archOf, parseArchNames } from "./tags/arch.js";
import { plusSigns } from "./tags/rules.js";
import { parseTagTemplate } from "./tags/tag-template.js";
import { parseValueTemplate } from "./tags/template.js";
import { canFollowVersions, conflictIn } from "./tags/template-list.js";
import { valuePlaceholders } from "./tags/values.js";
import { holdsUrlPassword, holdsUrlUser } from "./url-password.js";

const textsOf = (patterns: readonly Pattern[]) => patterns.map(({ text }) => text).join(", ");

// Each string that has a grammar of its own is parsed here and kept in its parsed form.
const platform = z.string().transform(parsedBy((text, path) => formatPlatform(parsePlatform(text, path))));
const platforms = z.array(platform).nonempty().refine(isDistinct, "no platform twice");
const repository = z.string().transform(parsedBy(parseRepository));
const imageReference = z.string().transform(
  parsedBy((text, path) => {
    parseReference(text, path);
    return text;
  }),
);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "64 hex digits of a SHA-256");
const megabytes = z.number().positive();
const fraction = z.number().min(0).max(1);
const relativePath = z
  .string()
  .regex(/^(?!\/)(?!.*(^|\/)\.\.(\/|$)).+$/, "a path inside the source, without ..");
const webUrl = z
  .url({ protocol: /^https?$/, error: "a URL that begins with http:// or https://" })
  .refine(isWithoutUser, "a URL without user name and password");

const serviceUrl = webUrl.refine(
  (text) => !text.startsWith("http://") || isLoopback(text),
  "https, since tokens are sent there; http is for this machine alone",
);

// A user alone may be part of an address: ssh://git@example.com/app.git
const isWithoutPassword = (text: string) => !holdsUrlPassword(text);

// Far more than a project has; each is compared with others.
const most = { tags: 100, values: 1000 };
const host = z.string().regex(/^[^/\s]+$/, "a host with an optional port, without https://");

const mise = z
  .strictObject({
    version: z
      .string()
      .regex(/^(latest|\d+\.\d+\.\d+)$/, 'an exact version as in 2025.12.13, or "latest"')
      .optional()
      .describe('Version of mise: exact, or "latest". Default: the MISE_VERSION of the Dockerfile.'),
    sha256: z
      .partialRecord(z.enum(["linux/amd64", "linux/arm64"]), sha256)
      .default({})
      .describe("SHA-256 of the mise download by platform, for a mirror that does not carry the signature."),
    githubApi: webUrl.default("https://api.github.com").describe("Base URL of GitHub's REST API."),
    versionUrl: webUrl
      .default("https://mise.jdx.dev/VERSION")
      .describe("URL that answers with mise's newest version, asked when GitHub does not serve."),
  })
  .describe("Where mise comes from.");

const size = z
  .strictObject({
    baselineImage: imageReference
      .prefault("golang:1.25.5")
      .describe("Image whose pull size the CI image's is compared with; only its manifest is read."),
    baselineMegabytes: megabytes
      .default(807)
      .describe("Uncompressed size of the image replaced, in MB (10^6 bytes)."),
    minReduction: fraction
      .optional()
      .describe(
        "Least part by which the CI image must be smaller, uncompressed: 0.7 is 70 %. Default: 0.7 for the target slim, whose tools are images of their own (0.65 with a Go of another minor version, which differs in size), 0.3 for an image with tools inside, and none for a Dockerfile.ci of another kind than Slipway's.",
      ),
    goalReduction: fraction
      .default(0.7)
      .describe("Part that is aimed at; the report says what stands in its way."),
  })
  .describe("What the CI image is measured against.");

const verify = z
  .strictObject({
    signedBy: z
      .string()
      .min(1)
      .optional()
      .describe(
        "Identity that has to have signed it; between slashes, a regular expression that all of the identity has to match.",
      ),
    issuer: z
      .string()
      .min(1)
      .optional()
      .describe("Who vouches for the identity. Default: GitHub's or GitLab's, for identities of theirs."),
    sourceRepository: z
      .string()
      .min(1)
      .optional()
      .describe(
        "URL of the repository that the job ran for, where its workflow lies in another one: https://github.com/acme/app.",
      ),
    key: relativePath.optional().describe("Public key in PEM that has to have signed it, in the source."),
    trustedRoot: relativePath
      .optional()
      .describe("A trusted_root.json in the source. Default: that of the public Sigstore; with a key, none."),
  })
  .refine(({ signedBy, key }) => (signedBy === undefined) !== (key === undefined), "either signedBy or key")
  .describe("Who has to have signed the CI image and the tools beside it, before a job runs in them.");

const ciImage = z
  .strictObject({
    dockerfile: relativePath
      .default("Dockerfile.ci")
      .describe("Dockerfile of the CI image; a source without a Dockerfile.ci gets Slipway's own."),
    target: z
      .string()
      .min(1)
      .optional()
      .describe(
        "Stage of the Dockerfile that is the image. Default: the last one; of Slipway's own that is slim, and full has the tools inside.",
      ),
    tools: z
      .array(z.string().regex(/^[a-z0-9][a-z0-9._-]*$/, "the name of a tool, as in ginkgo"))
      .refine(isDistinct, "no tool twice")
      .default([])
      .describe(
        "Tools of .mise/config.toml that the CI image has beside mise, golangci-lint and GoReleaser, by the last part of their names there: ginkgo, gocover-cobertura. Others are installed by each run that needs them.",
      ),
    context: z
      .array(relativePath)
      .default([])
      .describe(
        "Files that the Dockerfile copies beside .mise/config.toml and .mise/mise.lock; they are part of the image's identity.",
      ),
    platforms: platforms.prefault(["linux/amd64"]).describe("Platforms, as os/architecture."),
    repositories: z
      .array(repository)
      .refine(isDistinct, "no repository twice")
      .prefault([])
      .describe("Repositories that publish-ci-image publishes to: ghcr.io/acme/ci."),
    alpine: z
      .string()
      .regex(/^\d+\.\d+$/, "an Alpine release as in 3.23")
      .default("3.23")
      .describe("Alpine release of the base image; part of the tag, and verified in the image."),
    go: z
      .string()
      .regex(/^\d+\.\d+(\.\d+)?$/, "a Go version as in 1.25.5")
      .default("1.25.5")
      .describe("Go version of the base image, verified in the image."),
    packages: z
      .array(z.string().regex(/^[a-z0-9][a-z0-9+._-]*$/, "the name of an Alpine package, as in bash"))
      .refine(isDistinct, "no package twice")
      .default([])
      .describe("Alpine packages that Slipway's own Dockerfile.ci installs as well: bash, gcc, musl-dev."),
    buildArgs: z
      .record(
        z.string(),
        z
          .string()
          .refine(
            (value) => !holdsUrlUser(value) && isWithoutPassword(value),
            "no user name and password in a URL, since build arguments stay in the image's history",
          ),
      )
      .default({})
      .describe(
        "Build arguments: BASE_IMAGE, APK_REPOSITORIES, MISE_DOWNLOAD, MISE_URL_REPLACEMENTS, GOPROXY and your own. No secrets.",
      ),
    compression: z
      .enum(["gzip", "zstd"])
      .default("gzip")
      .describe(
        "How layers are compressed: gzip, or zstd, with which Go and the tools are 19 to 32 % smaller, and which takes containerd 1.5 or Docker 23 to be pulled.",
      ),
    mise: mise.prefault({}),
    verify: verify.optional(),
    size: size.prefault({}),
  })
  .describe("The CI image.");

const repositoryName = repository.describe("Repository without a tag: ghcr.io/acme/app.");
const latest = z
  .enum(["main", "highest", "none"])
  .default("main")
  .describe(
    "What latest follows there: the main branch, the highest stable version among the published tags, or nothing, where it is not set.",
  );

const releaseRepository = z.union([
  repositoryName.transform((named) => ({ repository: named, latest: latest.parse(undefined) })),
  z.strictObject({ repository: repositoryName, latest }),
]);

const tagText = z
  .string()
  .describe(
    "Template of a tag: {version} is the version without v, {tag} the git tag as it is, {major}, {minor} and {patch} are the numbers of the version, {branch} is the branch, {sha} the first seven digits of the commit and {revision} all of them, {date} its day in UTC, as in 20260110, and {arch} makes a tag for every platform, as in amd64 or armv7, which points at the manifest of that platform; all else is text. A tag that holds the whole version or the commit never moves. Every other follows the highest published version that sets it, or the branch.",
  );

const tagTemplate = z.union([
  tagText.transform(parsedBy(parseTagTemplate)),
  z
    .strictObject({
      tag: tagText,
      on: z
        .enum(["version", "branch", "main"])
        .describe(
          "What sets it: a version, a push to any branch, or to the main branch. Default: what its placeholders have a value for; text alone is set by versions, the commit and its day by branches.",
        ),
    })
    .transform(parsedBy(parseTagTemplate)),
]);

const tags = z
  .array(tagTemplate)
  .max(most.tags)
  .superRefine((templates, context) => {
    const conflict = conflictIn(templates);
    if (conflict !== undefined)
      context.addIssue({ code: "custom", path: [conflict.at], message: conflict.expected });
  })
  .describe("Tags that a release sets beside latest.");

const archNames = z
  .record(z.string(), z.string())
  .transform(parsedBy(parseArchNames))
  .prefault({})
  .describe('What {arch} is for a platform, in place of the usual name: {"linux/arm64": "arm64v8"}.');

const binaries = z
  .strictObject({
    pattern: z
      .string()
      .transform(parsedBy((text, path) => compilePattern(text, path)))
      .optional()
      .describe(
        `Where a binary lies in a directory without artifacts.json; without {os} for Linux, with * for anything in one name. Default: the first that fits of ${textsOf(commonPatterns)}; where none fits any file, ${textsOf(linuxPatterns)}.`,
      ),
    names: z
      .array(z.string().min(1))
      .default([])
      .describe("Names of the binaries to take. Default: all of them."),
    ids: z
      .array(z.string().min(1))
      .default([])
      .describe("IDs of the GoReleaser builds to take. Default: all of them."),
  })
  .describe("The prebuilt binaries that the image holds.");

const valueText = z
  .string()
  .describe(
    "Text with placeholders: {version}, {tag}, {major}, {minor}, {patch}, {branch}, {sha}, {revision} and {date}, as tags have them, and {created}, the time of the commit. What has no value in a call is left out. {{version}} is the literal {version}; all other braces are text, also after a dollar sign.",
  );
const valueTemplate = valueText
  .refine(isWithoutPassword, "a URL without a password: whoever has the image reads it")
  .transform(parsedBy((text, path) => parseValueTemplate(text, valuePlaceholders, path)));

const withoutPassword = "no URL with a password: whoever has the image reads it";
// Of all at once: a message about one of them has its name.
const areNamesWithoutPassword = (values: object) => Object.keys(values).every(isWithoutPassword);
const isFew = (values: object) => Object.keys(values).length <= most.values;
const tooMany = `at most ${most.values} of them`;
const annotationNames = ["title", "description", "source"];

const annotations = z
  .object({
    title: z
      .string()
      .min(1)
      .refine(isWithoutPassword, withoutPassword)
      .optional()
      .describe("Name of the image, for people."),
    description: z
      .string()
      .min(1)
      .max(512)
      .refine(isWithoutPassword, withoutPassword)
      .optional()
      .describe("What the image is for; registries show it, and GHCR takes 512 characters."),
    source: webUrl
      .refine(isWithoutPassword, withoutPassword)
      .optional()
      .describe("URL of the source; GHCR links the package to that repository."),
  })
  .catchall(valueTemplate)
  .superRefine((given, context) => {
    const plain = Object.keys(given).find((key) => !annotationNames.includes(key) && !key.includes("."));
    if (plain !== undefined)
      context.addIssue({
        code: "custom",
        path: [plain],
        message: `${annotationNames.join(", ")}, or a key with a domain, as in com.example.team`,
      });
  })
  .refine(isFew, tooMany)
  .refine(areNamesWithoutPassword, withoutPassword)
  .transform(({ title, description, source, ...others }) => ({ title, description, source, others }))
  .describe(
    "Annotations of the image: title, description and source by the names of the OCI specification, and any other by its key.",
  );

const releaseRepositories = z
  .array(releaseRepository)
  .refine(hasDistinctRepositories, "each repository once, since its latest follows one thing only")
  .describe("Repositories that a release goes to.");

const buildArgs = z
  .record(z.string().regex(/^[A-Za-z_]\w*$/, "a name of letters, digits and _"), valueTemplate)
  .refine(isFew, tooMany);
const labels = z
  .record(z.string().min(1), valueTemplate)
  .refine(isFew, tooMany)
  .refine(areNamesWithoutPassword, withoutPassword);

// Nothing here has a default: what an image does not say is the release's.
const image = z
  .strictObject({
    name: z
      .string()
      .regex(
        /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/,
        "a name of small letters and digits, with . _ or - between them",
      )
      .describe("Name of the image, for --image and for reports."),
    suffix: z
      .string()
      .regex(/^[A-Za-z0-9_.-]{1,64}$/, "the end of a tag, as in -alpine")
      .default("")
      .describe("What all its tags end in, latest included: -alpine, for 1.2.3-alpine and latest-alpine."),
    dockerfile: relativePath.optional().describe("Its Dockerfile."),
    target: z.string().min(1).optional().describe("Stage of the Dockerfile that it is."),
    platforms: platforms.optional().describe("Its platforms."),
    repositories: releaseRepositories.optional(),
    tags: tags.optional(),
    binaries: binaries.optional(),
    buildArgs: buildArgs.optional().describe("Build arguments, beside those of the release."),
    labels: labels.optional().describe("Labels, beside those of the release."),
    annotations: annotations.optional(),
  })
  .describe("One of several images.");

const release = z
  .strictObject({
    dockerfile: relativePath
      .optional()
      .describe(
        "Dockerfile of the released image: assembled where it runs nothing, else built by the engine. Default: the first there is of Dockerfile.release, Dockerfile.goreleaser, goreleaser.Dockerfile, Containerfile and Dockerfile, else Slipway's own.",
      ),
    platforms: platforms.prefault(["linux/amd64", "linux/arm64"]).describe("Platforms, as os/architecture."),
    repositories: releaseRepositories.default([]),
    mainBranch: z.string().min(1).default("main").describe("Branch that publishes latest."),
    tags: tags.prefault(["{version}"]),
    tagPrefix: z
      .string()
      .default("")
      .describe(
        "What git tags of this project begin with, where its repository has several: tool/ for tool/v1.2.3. Tags of images are without it.",
      ),
    archNames,
    preReleases: z
      .boolean()
      .default(false)
      .describe("Whether a pre-release such as v0.0.1-test is published without --pre-release."),
    majorZero: z
      .boolean()
      .default(false)
      .describe("Whether versions 0.y.z set the tag of their major number alone, 0."),
    buildMetadata: z
      .enum(Object.keys(plusSigns) as (keyof typeof plusSigns)[])
      .optional()
      .describe(
        "How the + of a version such as 1.2.3+build.5 is written, which no tag can hold. With an underscore its tag is read as that version; with a hyphen it reads as a pre-release, so that no tag that moves follows it. Default: such a version is refused.",
      ),
    mediaTypes: z
      .enum(["oci", "docker"])
      .default("oci")
      .describe(
        "Media types of the image: oci, or docker for what reads no others. The image IDs are the same; annotations exist only in oci.",
      ),
    compression: z
      .enum(["gzip", "zstd"])
      .default("gzip")
      .describe(
        "How layers are compressed: gzip, or zstd, which makes programs 5 to 14 % smaller and takes containerd 1.5 or Docker 23 to be pulled. The image IDs are the same; layers of the base stay as they are.",
      ),
    binaries: binaries.prefault({}),
    target: z
      .string()
      .min(1)
      .optional()
      .describe("Stage of the Dockerfile that is the image. Default: the last one."),
    buildArgs: buildArgs
      .default({})
      .describe("Build arguments, beside NAME, VERSION, REVISION and SOURCE. No secrets: images show them."),
    labels: labels
      .default({})
      .describe("Labels of the image, by key; they take the place of those of the Dockerfile."),
    annotations: annotations.prefault({}),
    rehearsalRegistry: imageReference
      .prefault("registry:3.0.0@sha256:6c5666b861f3505b116bb9aa9b25175e71210414bd010d92035ff64018f9457e")
      .describe("Image of the registry that rehearse starts in the engine; it serves on port 5000."),
    images: z
      .array(image)

      .max(100)
      .default([])
      .describe(
        "The images, where there are several: each has what the release has, but for what it says itself. No tag of any moves before all of them are read back.",
      ),
  })
  .transform(parsedBy(resolveImages))
  .superRefine(({ images }, context) => {
    const refuse = (at: number, field: string, message: string) => {
      // What an image does not say itself has no place of its own.
      const path = images[at]?.name === undefined ? [field] : ["images", at];
      context.addIssue({ code: "custom", path, message });
    };
    for (const [
      at,
      { tags, repositories, platforms, archNames, mediaTypes, compression },
    ] of images.entries()) {
      if (mediaTypes === "docker" && compression === "zstd")
        refuse(at, "compression", "gzip, since the media types of Docker have none for zstd");
      if (!isDistinct(platforms.map((platform) => archOf(platform, archNames))))
        refuse(at, "archNames", "another name for each platform");
      const followed = repositories.map(({ latest }) => latest);
      if (!canFollowVersions(tags, followed))
        refuse(
          at,
          "tags",
          "one with the whole version, as in {version}: published versions are read from their tags, and others follow them",
        );
    }
    const problem = imageProblemOf(images);
    if (problem !== undefined) refuse(problem.at, "images", problem.expected);
  })
  .describe("The released image.");

const attest = z
  .strictObject({
    sbom: z
      .array(z.enum(["spdx", "cyclonedx"]))
      .refine(isDistinct, "no format twice")
      .default(["spdx"])
      .describe(
        "Formats of the SBOM of each platform: spdx is SPDX 2.3, cyclonedx is CycloneDX 1.6, both as JSON. None where it is empty.",
      ),
    provenance: z
      .boolean()
      .default(true)
      .describe("Whether it is said how the image came about, as SLSA provenance v1."),
    signature: z
      .enum(["auto", "always", "never"])
      .default("auto")
      .describe(
        "Whether what is attached is signed: auto signs where a key is given, or the identity token of a public repository, whose name the public log may show; always is an error where there is neither a key nor a token, and takes that of a private repository as well.",
      ),
    fulcio: serviceUrl
      .default("https://fulcio.sigstore.dev")
      .describe("URL of the authority that certifies identity tokens."),
    rekor: z
      .union([serviceUrl, z.literal(false)])
      .optional()
      .describe(
        "URL of the transparency log, or false for none. Default: https://rekor.sigstore.dev for tokens that https://fulcio.sigstore.dev certifies, and none beside.",
      ),
    timestamps: serviceUrl
      .optional()
      .describe("URL of a timestamp authority (RFC 3161) that signatures get a time from."),
  })
  .describe("What is attached to images that are published: SBOM, provenance, signature.");

const network = z
  .strictObject({
    caFile: relativePath
      .optional()
      .describe("PEM file in the source with certificate authorities to trust as well."),
    proxy: webUrl.optional().describe("HTTP proxy for registries and APIs; without credentials."),
    noProxy: z
      .string()
      .default("")
      .describe(
        "Hosts asked without the proxy, in the form of NO_PROXY: hosts with what is below them, networks as 10.0.0.0/8, each with a port or without.",
      ),
    plainHttp: z.array(host).default([]).describe("Registries that speak HTTP without TLS, beside loopback."),
  })
  .describe("How requests leave the module's container.");

const retry = z
  .strictObject({
    attempts: z.int().min(1).max(10).default(3).describe("Attempts for each request that writes."),
    baseSeconds: z
      .number()
      .min(0)
      .max(60)
      .default(10)
      .describe("Seconds before the second attempt; doubles."),
  })
  .describe("How a push is repeated when a registry fails for a moment.");

const cacheKey = z
  .strictObject({
    files: z
      .array(relativePath)
      .nonempty()
      .default(["go.mod", "go.sum", ".gitlab-ci.yml", "Dockerfile.ci", ".mise/config.toml"])
      .describe("Files whose content makes the key."),
  })
  .describe("The key of the CI platform's cache.");

const build = z
  .strictObject({
    packages: z
      .array(z.string().min(1))
      .default([])
      .describe("Main packages to compile, as in ./cmd/app. Default: those of . and below cmd, else all."),
    buildTags: z
      .array(z.string().regex(/^[\w.]+$/, "a build tag"))
      .default([])
      .describe("Build tags."),
    ldflags: z
      .string()
      .regex(
        /^(?:[^{}]|\{version\}|\{revision\})*$/,
        "flags with no placeholder but {version} and {revision}",
      )
      .default("-s -w -X main.version={version} -X main.Version={version} -X main.commit={revision}")
      .describe(
        "Flags of the linker; {version} is the version without v, of a snapshot what git describe says, and {revision} the commit. A variable that there is none of is passed over.",
      ),
  })
  .describe(
    "How build compiles a project without a configuration of GoReleaser, for the platforms of the release.",
  );

const settings = z
  .strictObject({
    $schema: z.string().optional(),
    ciImage: ciImage.prefault({}),
    cacheKey: cacheKey.prefault({}),
    build: build.prefault({}),
    attest: attest.prefault({}),
    release: release.prefault({}),
    network: network.prefault({}),
    retry: retry.prefault({}),
  })
  // Whoever asks for more asks it of whole settings.
  .transform((whole) => whole)
  .superRefine(({ ciImage, release }, context) => {
    const taken = new Set(ciImage.repositories.map(formatRepository));
    const places = [release, ...release.images.filter(({ name }) => name !== undefined)];
    for (const [place, { repositories }] of places.entries())
      for (const [at, { repository }] of repositories.entries())
        if (taken.has(formatRepository(repository)))
          context.addIssue({
            code: "custom",
            path: ["release", ...(place === 0 ? [] : ["images", place - 1]), "repositories", at],
            message: "another repository than those of ciImage, since both move latest",
          });
  })
  .describe("Settings of Slipway. Every field is optional.");

/** What `slipway.json` says, with every default filled in and every reference parsed. */
export type Settings = z.output<typeof settings>;
export type CiImageSettings = Settings["ciImage"];
/** The settings of one image; those of a release have `images` beside, all of them. */
export type ReleaseSettings = ImageOf<Settings["release"]>;
export type AttestSettings = Settings["attest"];
export type NetworkSettings = Settings["network"];

/** Parses the text of `slipway.json`; undefined is a project without one. */
export function parseSettings(text: string | undefined, file = "slipway.json"): Settings {
  const limit = limitPassedBy(text ?? "");
  if (limit !== undefined) throw new InputError({ subject: file, expected: limit, given: text });
  let json: unknown = {};
  try {
    if (text !== undefined) json = JSON.parse(text.replace(/^\ufeff/, ""));
  } catch (error) {
    throw new InputError({ subject: file, expected: "JSON", given: faultOf(text ?? "", error) });
  }
  const repeated = repeatedName(text ?? "");
  if (repeated !== undefined)
    throw new InputError({ subject: file, expected: "each setting once", given: `${repeated} twice` });
  const parsed = settings.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new InputError(problemOf(parsed.error.issues[0], json, file));
}

/** Parses the platforms of an argument by the rules of the settings; `subject` is its name. */
export function parsePlatforms(given: readonly string[], subject: string): ReleaseSettings["platforms"] {
  const parsed = platforms.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new InputError({ ...problemOf(parsed.error.issues[0], given, subject), subject });
}

/** JSON Schema of `slipway.json`, for editors. */
export function settingsSchema(): object {
  return z.toJSONSchema(settings, { io: "input", target: "draft-2020-12" });
}

function problemOf(found: z.core.$ZodIssue | undefined, json: unknown, file: string) {
  const issue = chosenIn(found);
  const path = issue?.path ?? [];
  const subject = path.length === 0 ? file : `${file}: ${pathText(path)}`;
  if (issue?.code === "unrecognized_keys")
    return {
      subject,
      expected: "only fields of the schema",
      given: issue.keys.join(", "),
      fix: correctName(settingsSchema(), path, issue.keys[0] ?? ""),
    };
  const fix: unknown = issue?.code === "custom" ? issue.params?.fix : undefined;
  return {
    subject,
    expected: expectedBy(issue),
    given: valueAt(json, path),
    ...(typeof fix === "string" ? { fix } : {}),
  };
}

/** What is wrong with a value that may have one of several types: what the one that it has says. */
function chosenIn(issue: z.core.$ZodIssue | undefined): z.core.$ZodIssue | undefined {
  if (issue?.code !== "invalid_union") return issue;
  const own = issue.errors
    .map(([first]) => first)
    .find((first) => first !== undefined && (first.code !== "invalid_type" || first.path.length > 0));
  return own === undefined ? issue : { ...own, path: [...issue.path, ...own.path] };
}

function expectedBy(issue: z.core.$ZodIssue | undefined): string {
  switch (issue?.code) {
    case "invalid_type":
      if (issue.expected === "int") return "a whole number";
      return `${/^[aeiou]/.test(issue.expected) ? "an" : "a"} ${issue.expected}`;
    case "invalid_union":
      return issue.errors.map(([first]) => expectedBy(first)).join(" or ");
    case "invalid_format":
      return issue.message;
    case "invalid_value":
      return issue.values.map(String).join(" or ");
    case "too_small":
      return `${issue.inclusive ? "at least" : "more than"} ${issue.minimum}${issue.origin === "array" ? " entry" : ""}`;
    case "too_big":
      return `at most ${issue.maximum}${issue.origin === "string" ? " characters" : ""}`;
    default:
      return issue?.message ?? "another value";
  }
}

function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, key) =>
      typeof key === "number" ? `${text}[${key}]` : text === "" ? String(key) : `${text}.${String(key)}`,
    "",
  );
}

function valueAt(json: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key],
    json,
  );
}

function isLoopback(text: string): boolean {
  const host = URL.canParse(text) ? new URL(text).hostname : "";
  return host === "localhost" || host === "[::1]" || host.startsWith("127.");
}

/** What is no URL at all is told by another check. */
function isWithoutUser(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url === undefined || url.username + url.password === "";
}

/** By content: two spellings of one platform or repository are one. */
function isDistinct(entries: readonly unknown[]): boolean {
  return new Set(entries.map((entry) => JSON.stringify(entry))).size === entries.length;
}

function hasDistinctRepositories(entries: readonly { repository: Repository }[]): boolean {
  return isDistinct(entries.map(({ repository }) => repository));
}

/** Lets the parser of a grammar speak for itself: its message is the issue's. */
function parsedBy<Given, T>(parse: (given: Given, subject: string) => T) {
  return (given: Given, context: z.RefinementCtx): T => {
    try {
      return parse(given, "value");
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      context.addIssue({
        code: "custom",
        message: error.problem.expected,
        params: { fix: error.problem.fix },
      });
      return z.NEVER;
    }
  };
}
