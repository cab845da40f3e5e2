import { z } from "zod";
import { InputError } from "../errors.js";
import { faultOf } from "../json.js";
import type { Candidate } from "./binaries.js";
import { platformOf, platformOfTarget } from "./target.js";

/** The texts that GoReleaser leaves in its dist directory. */
export interface GoReleaserDist {
  artifacts: string;
  /** Absent where somebody removed it. */
  metadata?: string | undefined;
}

/** What GoReleaser says it built. */
export interface GoReleaserBuild {
  candidates: Candidate[];
  /** Version that the build was for; absent without metadata.json. */
  version?: string;
}

/** One entry of artifacts.json (GoReleaser's internal/artifact), as far as binaries go. */
const artifact = z
  .object({
    // A binary is staged under its name.
    name: z.string().refine(isInside, "a name inside the build context").default(""),
    path: z.string().default(""),
    type: z.string(),
    goos: z.string().optional(),
    goarch: z.string().optional(),
    goamd64: z.string().optional(),
    goarm64: z.string().optional(),
    goarm: z.string().optional(),
    go386: z.string().optional(),
    goppc64: z.string().optional(),
    goriscv64: z.string().optional(),
    target: z.string().optional(),
    extra: z.object({ ID: z.string().optional(), Format: z.string().optional() }).default({}),
  })
  .refine(
    ({ type, name, path }) => type !== "Binary" || (name !== "" && path !== ""),
    "a binary with a name and a path",
  );

/** Of a name that may have line ends in it, each part counts. */
function isInside(name: string): boolean {
  return !name.startsWith("/") && !/\p{Cc}/u.test(name) && !name.split("/").includes("..");
}

const metadata = z.object({ version: z.string() });

type Artifact = z.infer<typeof artifact>;

/** Reads what GoReleaser wrote about its build; the folders of dist are its business, and no name is guessed. */
export function readGoReleaserDist({ artifacts, metadata: about }: GoReleaserDist): GoReleaserBuild {
  const entries = parse(z.array(artifact), artifacts, "artifacts.json");
  const dist = distOf(entries);
  return {
    candidates: entries
      .filter((entry) => isBinary(entry) || isPackage(entry))
      .flatMap((entry) => {
        const platform = artifactPlatform(entry);
        if (platform === undefined) return [];
        const { name, path, extra } = entry;
        return [
          {
            name,
            platform,
            path: withoutPrefix(path, dist),
            ...(extra.ID === undefined ? {} : { id: extra.ID }),
            ...(isPackage(entry) ? { isPackage: true } : {}),
          },
        ];
      }),
    ...(about === undefined ? {} : { version: parse(metadata, about, "metadata.json").version }),
  };
}

/** An archive of format binary lists the file of a binary once more, under the name it is uploaded as. */
function isBinary({ type, extra }: Artifact): boolean {
  return type === "Binary" && extra.Format === undefined;
}

/** What nfpm makes, which a Dockerfile may install: `COPY *.apk /tmp/`. */
function isPackage({ type }: Artifact): boolean {
  return type === "Linux Package";
}

function artifactPlatform(entry: Artifact): string | undefined {
  const { goos = "", goarch = "", target = "" } = entry;
  const { goamd64, goarm64, goarm, go386, goppc64, goriscv64 } = entry;
  const level = goamd64 ?? goarm64 ?? goarm ?? go386 ?? goppc64 ?? goriscv64;
  // Only the target of Rust and Zig says which arm it is.
  const isTarget = level === undefined && target.includes("-");
  return (isTarget ? platformOfTarget(target) : undefined) ?? platformOf(goos, goarch, level);
}

/** The dist directory as the paths name it: what lies before metadata.json, which GoReleaser always lists. */
function distOf(entries: readonly Artifact[]): string {
  const about = entries.find(({ type }) => type === "Metadata")?.path ?? "dist/metadata.json";
  return about.slice(0, about.lastIndexOf("/") + 1);
}

function withoutPrefix(path: string, prefix: string): string {
  return path.startsWith(prefix) ? path.slice(prefix.length) : path;
}

function parse<T>(schema: z.ZodType<T>, text: string, subject: string): T {
  const fix = "Build again with GoReleaser 2";
  let json: unknown;
  try {
    json = JSON.parse(text.replace(/^\ufeff/, ""));
  } catch (error) {
    throw new InputError({ subject, expected: "JSON", given: faultOf(text, error), fix });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new InputError({
    subject,
    expected: "what GoReleaser writes",
    given: `${issue?.path.join(".")}: ${issue?.message}`,
    fix,
  });
}
