import { describe, expect, it } from "vitest";
import { checkout, initIn, publishedBy, rowsOf, textsOf } from "../support/adoption.js";

const version = "refs/tags/v1.2.3";

/** An image of `dockers` for one platform. */
function docker(arch: string, tags: readonly string[], more = ""): string {
  const [goarch, goarm] = arch.split("/v");
  const platform = goarm === undefined ? `linux/${goarch}` : `linux/arm/v${goarm}`;
  return `  - use: buildx
    goarch: ${goarch}
${goarm === undefined ? "" : `    goarm: ${goarm}\n`}    dockerfile: build/Dockerfile
    image_templates:
${tags.map((tag) => `      - "${tag}"`).join("\n")}
    build_flag_templates:
      - --platform=${platform}
${more}`;
}

function manifest(name: string, parts: readonly string[], more = ""): string {
  return `  - name_template: "${name}"\n    image_templates:\n${parts.map((part) => `      - "${part}"`).join("\n")}\n${more}`;
}

const image = "ghcr.io/acme/app";

function settingsOf(goreleaser: string, env: readonly string[] = []) {
  const written = initIn(
    checkout({
      ".goreleaser.yaml": goreleaser,
      "build/Dockerfile": "FROM scratch\n",
      "docs/a.md": "",
      ".dockerignore": "docs\n",
      Dockerfile: "FROM scratch\n",
    }),
    { env },
  );
  return { settings: written.get("slipway.json") ?? "", page: written.get("SLIPWAY.md") };
}

const archived = ["amd64", "arm64"].map((arch) =>
  docker(arch, [`${image}:{{ .Version }}-${arch}`, `${image}:latest-${arch}`]),
);
const listed = `dockers:\n${archived.join("")}docker_manifests:\n${["{{ .Version }}", "latest"]
  .map((tag) => manifest(`${image}:${tag}`, [`${image}:${tag}-amd64`, `${image}:${tag}-arm64`]))
  .join("")}`;

describe("what GoReleaser publishes, init's settings publish", () => {
  it.each<[string, string, Record<string, string>]>([
    [
      "lists of platforms, and a tag for each",
      listed,
      {
        [`${image}:1.2.3-amd64`]: "linux/amd64",
        [`${image}:1.2.3-arm64`]: "linux/arm64",
        [`${image}:latest-amd64`]: "linux/amd64",
        [`${image}:latest-arm64`]: "linux/arm64",
        [`${image}:1.2.3`]: "linux/amd64, linux/arm64",
        [`${image}:latest`]: "linux/amd64, linux/arm64",
      },
    ],
    [
      "a list that leaves a platform out",
      `dockers:\n${["amd64", "arm64", "arm/v6"].map((arch) => docker(arch, [`${image}:{{ .Tag }}-${arch.replace("/", "")}`])).join("")}docker_manifests:\n${manifest(`${image}:{{ .Tag }}`, [`${image}:{{ .Tag }}-amd64`, `${image}:{{ .Tag }}-arm64`])}`,
      {
        [`${image}:v1.2.3-amd64`]: "linux/amd64",
        [`${image}:v1.2.3-arm64`]: "linux/arm64",
        [`${image}:v1.2.3-armv6`]: "linux/arm/v6",
        [`${image}:v1.2.3`]: "linux/amd64, linux/arm64",
      },
    ],
    [
      "names of platforms that are not the usual ones",
      `dockers:\n${docker("arm64", [`${image}:{{ .Tag }}-arm64v8`])}${docker("amd64", [`${image}:{{ .Tag }}-x86_64`])}docker_manifests:\n${manifest(`${image}:{{ .Tag }}`, [`${image}:{{ .Tag }}-x86_64`, `${image}:{{ .Tag }}-arm64v8`])}`,
      {
        [`${image}:v1.2.3-x86_64`]: "linux/amd64",
        [`${image}:v1.2.3-arm64v8`]: "linux/arm64",
        [`${image}:v1.2.3`]: "linux/amd64, linux/arm64",
      },
    ],
    [
      "one platform, and another by its name, without a list",
      `dockers:\n${docker("amd64", [`${image}:{{ .Version }}`, `${image}:latest`])}${docker("arm64", [`${image}:{{ .Version }}-arm64`, `${image}:latest-arm64`])}`,
      {
        [`${image}:1.2.3`]: "linux/amd64",
        [`${image}:latest`]: "linux/amd64",
        [`${image}:1.2.3-arm64`]: "linux/arm64",
        [`${image}:latest-arm64`]: "linux/arm64",
      },
    ],
    [
      "images of dockers_v2, of which one is a variant",
      `dockers_v2:
  - id: plain
    images: [acme/app, ghcr.io/acme/app]
    tags: ["v{{ .Version }}", "{{ if not .Prerelease }}latest{{ end }}"]
  - id: debug
    dockerfile: build/Dockerfile
    images: [acme/app]
    tags: ["v{{ .Version }}-debug", latest-debug, "{{ if .IsNightly }}nightly{{ end }}"]
    platforms: [linux/amd64]
`,
      {
        "docker.io/acme/app:v1.2.3": "linux/amd64, linux/arm64",
        "docker.io/acme/app:latest": "linux/amd64, linux/arm64",
        [`${image}:v1.2.3`]: "linux/amd64, linux/arm64",
        [`${image}:latest`]: "linux/amd64, linux/arm64",
        "docker.io/acme/app:v1.2.3-debug": "linux/amd64",
        "docker.io/acme/app:latest-debug": "linux/amd64",
      },
    ],
    [
      "other tags in another repository",
      `dockers_v2:
  - images: [acme/app]
    tags: ["{{ .Tag }}", latest]
  - images: [ghcr.io/acme/app]
    tags: ["{{ .Tag }}", "{{ .Major }}"]
`,
      {
        "docker.io/acme/app:v1.2.3": "linux/amd64, linux/arm64",
        "docker.io/acme/app:latest": "linux/amd64, linux/arm64",
        [`${image}:v1.2.3`]: "linux/amd64, linux/arm64",
        [`${image}:1`]: "linux/amd64, linux/arm64",
      },
    ],
    [
      "the commit, set by a version",
      `dockers_v2:\n  - images: [${image}]\n    tags: ["{{ .Version }}", "{{ .ShortCommit }}"]\n    platforms: [linux/amd64]\n`,
      { [`${image}:1.2.3`]: "linux/amd64", [`${image}:1a2b3c4`]: "linux/amd64" },
    ],
    [
      "the owner of the repository, and the name of the project",
      `project_name: Tool\ndockers_v2:\n  - images: ["ghcr.io/{{ .Env.GITHUB_REPOSITORY_OWNER }}/{{ .ProjectName | tolower }}"]\n    tags: ["{{ .Tag }}"]\n`,
      { "ghcr.io/acme/tool:v1.2.3": "linux/amd64, linux/arm64" },
    ],
    [
      "a variable of the configuration",
      `env:\n  - WHERE={{ if index .Env "WHERE" }}{{ .Env.WHERE }}{{ else }}quay.io/acme{{ end }}\ndockers_v2:\n  - images: ["{{ .Env.WHERE }}/app"]\n    tags: ["{{ .Tag }}"]\n`,
      { "quay.io/acme/app:v1.2.3": "linux/amd64, linux/arm64" },
    ],
  ])("%s", (_, goreleaser, expected) => {
    const { settings, page } = settingsOf(goreleaser);
    expect(publishedBy(settings, version)).toEqual(expected);
    expect(rowsOf(page, "Left out")).toEqual([]);
  });

  it("the same labels and build arguments", () => {
    const flags = `      - --label=org.opencontainers.image.created={{.Date}}
      - --label=org.opencontainers.image.revision={{ .FullCommit }}
      - --label=org.opencontainers.image.title={{ .ProjectName }}
      - --label=org.opencontainers.image.source={{ .GitURL }}
      - --label
      - team=a {b}
      - --build-arg=VERSION={{ .Version }}
      - --build-arg=EMPTY=
`;
    const { settings } = settingsOf(`dockers:\n${docker("amd64", [`${image}:{{ .Tag }}`], flags)}`);
    expect(textsOf(settings, version)).toEqual({
      labels: {
        "org.opencontainers.image.created": "2026-01-10T12:00:00Z",
        "org.opencontainers.image.revision": "1a2b3c4d1a2b3c4d1a2b3c4d1a2b3c4d1a2b3c4d",
        "org.opencontainers.image.title": "app",
        "org.opencontainers.image.source": "https://github.com/acme/app",
        team: "a {b}",
      },
      buildArgs: { VERSION: "1.2.3", EMPTY: "" },
    });
  });

  it("pre-releases, unless it skips them", () => {
    const config = (skip: string) =>
      `dockers_v2:\n  - images: [${image}]\n    tags: ["{{ .Tag }}"]\n    skip_push: ${skip}\n`;
    expect(publishedBy(settingsOf(config("false")).settings, "refs/tags/v1.2.3-rc.1")).toEqual({
      [`${image}:v1.2.3-rc.1`]: "linux/amd64, linux/arm64",
    });
    expect(() => publishedBy(settingsOf(config("auto")).settings, "refs/tags/v1.2.3-rc.1")).toThrow("vX.Y.Z");
  });

  it("the binaries of the builds that it names, where there are others", () => {
    const builds = "builds:\n  - id: app\n  - id: agent\n";
    const ids = (names: string) =>
      `${builds}dockers_v2:\n  - images: [${image}]\n    tags: ["{{ .Tag }}"]\n    ids: [${names}]\n`;
    expect(JSON.parse(settingsOf(ids("agent")).settings).release.binaries).toEqual({ ids: ["agent"] });
    expect(JSON.parse(settingsOf(ids("app, agent")).settings).release.binaries).toBeUndefined();
  });

  it("what a variable says that init is given", () => {
    const config = `dockers_v2:\n  - images: ["{{ .Env.DOCKERHUB_USERNAME }}/app"]\n    tags: ["{{ .Tag }}"]\n`;
    expect(publishedBy(settingsOf(config, ["DOCKERHUB_USERNAME=acme"]).settings, version)).toEqual({
      "docker.io/acme/app:v1.2.3": "linux/amd64, linux/arm64",
    });
    expect(() => settingsOf(config, ["acme"])).toThrow("--env: expected NAME=value");
  });
});

describe("what has no equivalent is listed with the reason", () => {
  const whole = `  - images: [${image}]\n    tags: ["{{ .Tag }}"]\n`;
  it.each<[string, string, string, string]>([
    [
      "a variable",
      `dockers_v2:\n  - images: ["{{ .Env.WHO }}/app"]\n    tags: ["{{ .Tag }}"]\n`,
      "Left out",
      "pass --env WHO=VALUE",
    ],
    [
      "a tag of pre-releases",
      `dockers_v2:\n  - images: [${image}]\n    tags: ["{{ .Tag }}", "{{ if .Prerelease }}next{{ end }}"]\n`,
      "Left out",
      "only pre-releases set it",
    ],
    [
      "a list that pre-releases alone push",
      `${listed}${manifest(`${image}:next`, [`${image}:latest-amd64`], "    skip_push: '{{ if not .Prerelease }}true{{ end }}'\n")}`,
      "Left out",
      "only pre-releases push it",
    ],
    [
      "a list of what is nowhere",
      `dockers:\n${archived.join("")}docker_manifests:\n${manifest(`${image}:x`, [`${image}:y`])}`,
      "Left out",
      "what is not read of dockers",
    ],
    [
      "Windows",
      `dockers:\n  - goos: windows\n    image_templates: ["${image}:{{ .Tag }}"]\n`,
      "Left out",
      "for Linux only",
    ],
    [
      "another Dockerfile for each platform",
      `dockers:\n${archived[0]}${archived[1]?.replace("build/Dockerfile", "Dockerfile")}docker_manifests:\n${manifest(`${image}:{{ .Version }}`, [`${image}:{{ .Version }}-amd64`, `${image}:{{ .Version }}-arm64`])}`,
      "Left out",
      "another dockerfile each",
    ],
    [
      "another build argument for each platform",
      `dockers:\n${["amd64", "arm64"].map((arch) => docker(arch, [`${image}:{{ .Tag }}-${arch}`], `      - --build-arg=ARCH=${arch}\n`)).join("")}docker_manifests:\n${manifest(`${image}:{{ .Tag }}`, [`${image}:{{ .Tag }}-amd64`, `${image}:{{ .Tag }}-arm64`])}`,
      "Left out",
      "ARG TARGETARCH",
    ],
    [
      "a platform that contradicts its binary",
      `dockers:\n  - goarch: arm64\n    image_templates: ["${image}:{{ .Tag }}"]\n    build_flag_templates: [--platform=linux/amd64]\n`,
      "Left out",
      "it is called linux/amd64",
    ],
    [
      "secrets of a build",
      `dockers_v2:\n${whole}    flags: ["--secret=id=a"]\n`,
      "Left out",
      "no build of Slipway's takes secrets",
    ],
    ["an unknown flag", `dockers_v2:\n${whole}    flags: ["--constructor=a"]\n`, "Left out", "no such flag"],
    ["a cache", `dockers_v2:\n${whole}    flags: ["--no-cache"]\n`, "Not needed", "caches are the engine's"],
    [
      "a package in the build context",
      `builds:\n  - id: a\n  - id: b\ndockers_v2:\n${whole}    ids: [a, packages]\n`,
      "Left out",
      "none of the builds",
    ],
    [
      "a file that a hook makes",
      `dockers_v2:\n${whole}    extra_files: [completions/]\n`,
      "To do",
      "the source has no such file",
    ],
    [
      "a file that .dockerignore leaves out",
      `dockers_v2:\n${whole}    extra_files: [docs/a.md]\n`,
      "To do",
      ".dockerignore leaves it out",
    ],
    [
      "a Dockerfile that is not there",
      `dockers_v2:\n${whole}    dockerfile: other/Dockerfile\n`,
      "To do",
      "there is no such file",
    ],
    [
      "a platform of the flag alone",
      `dockers:\n  - image_templates: ["${image}:{{ .Tag }}"]\n    build_flag_templates: [--platform=linux/arm64]\n`,
      "Different",
      "here they are for linux/arm64",
    ],
    [
      "a field that is not read",
      `dockers_v2:\n${whole}    templated_dockerfile: Dockerfile.tpl\n`,
      "Left out",
      "it is not read",
    ],
    [
      "nightly builds",
      `nightly:\n  version_template: "{{ .Version }}-nightly"\ndockers_v2:\n${whole}`,
      "Left out",
      "nightly | a nightly build has no tag of git",
    ],
    [
      "what Pro alone knows",
      `pro: true\ndockers_v2:\n${whole}`,
      "Left out",
      "pro | build calls GoReleaser without Pro",
    ],
    [
      "what is included from elsewhere",
      `includes:\n  - from_url: { url: goreleaser/example/a.yaml }\ndockers_v2:\n${whole}`,
      "Left out",
      "from_url: goreleaser/example/a.yaml | init asks no network",
    ],
    [
      "what is included from a file",
      `includes:\n  - from_file: { path: ./a.yaml }\ndockers_v2:\n${whole}`,
      "Left out",
      "./a.yaml | what another file adds is not read",
    ],
    [
      "that it publishes until now",
      `dockers:\n${archived.join("")}docker_manifests:\n${manifest(`${image}:x`, [`${image}:y`])}`,
      "To do",
      "| .goreleaser.yaml | dockers, docker_manifests | it publishes these images until now",
    ],
    [
      "where ko publishes, and what",
      'kos:\n  - repositories: [ghcr.io/acme/app]\n    tags: [latest, "{{ .Tag }}"]\n    platforms: [linux/arm64]\n',
      "Left out",
      "kos: ghcr.io/acme/app: latest, {{ .Tag }}: linux/arm64",
    ],
    ["ko", "kos:\n  - id: a\n", "Left out", "ko builds images without a Dockerfile"],
    [
      "latest alone",
      `dockers_v2:\n  - images: [${image}]\n    tags: [latest]\n`,
      "Different",
      "it is set as well",
    ],
    [
      "a variable that may be missing",
      `dockers_v2:\n${whole}    disable: '{{ isEnvSet "NIGHTLY" }}'\n`,
      "Different",
      "taken as not set",
    ],
    [
      "a tag of the stable version on a pre-release",
      `dockers_v2:\n  - images: [${image}]\n    tags: ["{{ .Major }}.{{ .Minor }}.{{ .Patch }}"]\n`,
      "Different",
      "a pre-release does not set it",
    ],
    ["a braced tag", `dockers_v2:\n  - images: [${image}]\n    tags: ["a{b}"]\n`, "Left out", "no braces"],
    [
      "one image twice",
      `dockers_v2:\n${whole}${whole}    dockerfile: build/Dockerfile\n`,
      "Left out",
      "tags of its own",
    ],
  ])("%s", (_, goreleaser, section, reason) => {
    expect(rowsOf(settingsOf(goreleaser).page, section).join("\n")).toContain(reason);
  });
});
