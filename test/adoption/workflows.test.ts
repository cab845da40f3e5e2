import { describe, expect, it } from "vitest";
import { combinationsOf } from "../../src/adoption/github/matrix.js";
import { parseWorkflow } from "../../src/adoption/github/workflow.js";
import { checkout, initIn, publishedBy, rowsOf, textsOf } from "../support/adoption.js";

const file = ".github/workflows/publish.yml";
const image = "ghcr.io/acme/app";
const both = "linux/amd64, linux/arm64";

interface Parts {
  on?: string;
  images?: string;
  tags?: readonly string[];
  flavor?: readonly string[];
  build?: readonly string[];
  job?: string;
}

const push = "{ push: { branches: [main], tags: ['v*'] } }";

/** A workflow in the usual form, with what a test is about in its place. */
function workflow({
  on = push,
  images = `ghcr.io/\${{ github.repository }}`,
  tags = [],
  flavor = [],
  build = [],
  job = "",
}: Parts): string {
  const list = (name: string, lines: readonly string[]) =>
    lines.length === 0
      ? ""
      : `          ${name}: |\n${lines.map((line) => `            ${line}\n`).join("")}`;
  return `on: ${on}
env:
  REGISTRY: ghcr.io
jobs:
  publish:
    runs-on: ubuntu-latest
${job}    steps:
      - uses: actions/checkout@v5
      - uses: docker/metadata-action@v5
        id: meta
        with:
          images: ${images}
${list("tags", tags)}${list("flavor", flavor)}      - uses: docker/build-push-action@v6
        with:
          context: .
          push: true
          platforms: linux/amd64,linux/arm64
          tags: \${{ steps.meta.outputs.tags }}
          labels: \${{ steps.meta.outputs.labels }}
${build.map((line) => `          ${line}\n`).join("")}`;
}

function settingsOf(text: string, more: Readonly<Record<string, string>> = {}) {
  const written = initIn(checkout({ [file]: text, Dockerfile: "FROM scratch\n", ...more }));
  return { settings: written.get("slipway.json") ?? "", page: written.get("SLIPWAY.md") };
}

describe("what docker/metadata-action sets, init's settings set", () => {
  it.each<[string, Parts, string, readonly string[]]>([
    [
      "versions",
      { tags: ["type=semver,pattern={{version}}", "type=semver,pattern={{major}}.{{minor}}"] },
      "refs/tags/v1.2.3",
      ["1.2.3", "1.2", "latest"],
    ],
    ["git tags", { tags: ["type=ref,event=tag"] }, "refs/tags/v1.2.3", ["v1.2.3", "latest"]],
    [
      "what is in front",
      { tags: ["type=semver,pattern={{version}},prefix=v"], flavor: ["latest=false"] },
      "refs/tags/v1.2.3",
      ["v1.2.3"],
    ],
    [
      "an end, without latest",
      { tags: ["type=semver,pattern={{version}}"], flavor: ["suffix=-alpine"] },
      "refs/tags/v1.2.3",
      ["1.2.3-alpine", "latest"],
    ],
    [
      "an end, with latest",
      { tags: ["type=semver,pattern={{version}}"], flavor: ["suffix=-alpine,onlatest=true"] },
      "refs/tags/v1.2.3",
      ["1.2.3-alpine", "latest-alpine"],
    ],
    ["branches", { tags: ["type=ref,event=branch"] }, "refs/heads/main", ["main"]],
    [
      "commits of branches",
      { tags: ["type=sha", "type=sha,format=long,prefix="] },
      "refs/heads/main",
      ["sha-1a2b3c4", "1a2b3c4d1a2b3c4d1a2b3c4d1a2b3c4d1a2b3c4d"],
    ],
    [
      "commits of versions, where nothing else runs",
      { on: "{ push: { tags: ['v*'] } }", tags: ["type=sha", "type=semver,pattern={{version}}"] },
      "refs/tags/v1.2.3",
      ["1.2.3", "sha-1a2b3c4", "latest"],
    ],
    ["edge", { tags: ["type=edge"] }, "refs/heads/main", ["edge"]],
    [
      "latest of the main branch",
      { tags: ["type=raw,value=latest,enable={{is_default_branch}}"] },
      "refs/heads/main",
      ["latest"],
    ],
    [
      "latest of the main branch by its name",
      { tags: [`type=raw,value=latest,enable=\${{ github.ref == 'refs/heads/main' }}`] },
      "refs/heads/main",
      ["latest"],
    ],
    [
      "a text of versions",
      {
        tags: [
          "type=semver,pattern={{version}}",
          `type=raw,value=stable,enable=\${{ startsWith(github.ref, 'refs/tags/') }}`,
        ],
      },
      "refs/tags/v1.2.3",
      ["1.2.3", "stable", "latest"],
    ],
    [
      "the day",
      { tags: ["type=raw,value=nightly-{{date 'YYYYMMDD'}},enable={{is_default_branch}}"] },
      "refs/heads/main",
      ["nightly-20260110"],
    ],
    ["what holds without rules", {}, "refs/tags/v1.2.3", ["v1.2.3", "latest"]],
    [
      "what is switched off",
      { tags: ["type=sha,enable=false", "type=ref,event=branch"] },
      "refs/heads/main",
      ["main"],
    ],
    [
      "a release, by hand",
      { on: "{ release: { types: [published] } }", tags: ["type=semver,pattern={{raw}}"] },
      "refs/tags/v1.2.3",
      ["v1.2.3", "latest"],
    ],
    [
      "a job for versions alone",
      {
        job: "    if: startsWith(github.ref, 'refs/tags/v')\n",
        tags: ["type=raw,value=stable", "type=semver,pattern={{version}}"],
      },
      "refs/tags/v1.2.3",
      ["1.2.3", "stable", "latest"],
    ],
  ])("%s", (_, parts, ref, tags) => {
    const { settings } = settingsOf(workflow(parts));
    expect(publishedBy(settings, ref)).toEqual(
      Object.fromEntries(tags.map((tag) => [`${image}:${tag}`, both])),
    );
  });

  it("the major number of 0.y.z, unless a rule leaves it out", () => {
    const rules = (enable: string) => [
      "type=semver,pattern={{version}}",
      `type=semver,pattern={{major}}${enable}`,
    ];
    const zero = (enable: string) =>
      Object.keys(publishedBy(settingsOf(workflow({ tags: rules(enable) })).settings, "refs/tags/v0.4.2"));
    expect(zero("")).toContain(`${image}:0`);
    expect(zero(`,enable=\${{ !startsWith(github.ref, 'refs/tags/v0.') }}`)).not.toContain(`${image}:0`);
  });

  it("repositories by variables, and by name", () => {
    const images = `|\n            \${{ env.REGISTRY }}/\${{ github.repository_owner }}/tool\n            acme/tool`;
    const { settings } = settingsOf(workflow({ images, tags: ["type=ref,event=branch"] }));
    expect(Object.keys(publishedBy(settings, "refs/heads/main"))).toEqual([
      "ghcr.io/acme/tool:main",
      "docker.io/acme/tool:main",
    ]);
  });

  it("the Dockerfile, the stage, the build arguments and the labels", () => {
    const build = [
      "file: ./build/Dockerfile",
      "target: prod",
      "build-args: |",
      `  VERSION=\${{ steps.meta.outputs.version }}`,
      `  COMMIT=\${{ github.sha }}`,
    ];
    const { settings } = settingsOf(workflow({ tags: ["type=semver,pattern={{version}}"], build }), {
      "build/Dockerfile": "",
    });
    expect(JSON.parse(settings).release).toMatchObject({ dockerfile: "build/Dockerfile", target: "prod" });
    expect(textsOf(settings, "refs/tags/v1.2.3")).toEqual({
      buildArgs: { VERSION: "1.2.3", COMMIT: "1a2b3c4d1a2b3c4d1a2b3c4d1a2b3c4d1a2b3c4d" },
      labels: {
        "org.opencontainers.image.title": "app",
        "org.opencontainers.image.url": "https://github.com/acme/app",
        "org.opencontainers.image.source": "https://github.com/acme/app",
        "org.opencontainers.image.version": "1.2.3",
        "org.opencontainers.image.revision": "1a2b3c4d1a2b3c4d1a2b3c4d1a2b3c4d1a2b3c4d",
        "org.opencontainers.image.created": "2026-01-10T12:00:00Z",
      },
    });
  });

  it("platforms that are built apart and joined by digest", () => {
    const text = `on: { push: { tags: ['v*'] } }
jobs:
  build:
    strategy:
      matrix:
        include:
          - { platform: linux/amd64, runner: ubuntu-24.04 }
          - { platform: linux/arm64, runner: ubuntu-24.04-arm }
    steps:
      - uses: docker/build-push-action@v6
        with:
          platforms: \${{ matrix.platform }}
          outputs: type=image,name=ghcr.io/acme/app,push-by-digest=true,name-canonical=true,push=true
  join:
    needs: build
    steps:
      - uses: docker/metadata-action@v5
        with:
          images: ghcr.io/acme/app
          tags: type=semver,pattern={{version}}
`;
    expect(publishedBy(settingsOf(text).settings, "refs/tags/v1.2.3")).toEqual({
      [`${image}:1.2.3`]: both,
      [`${image}:latest`]: both,
    });
  });

  it("tags that are written in full", () => {
    const text = `on: { push: { tags: ['v*'] } }
jobs:
  a:
    steps:
      - uses: docker/build-push-action@v6
        with:
          push: true
          tags: acme/app:\${{ github.ref_name }},acme/app:latest${",".repeat(300_000)}
`;
    expect(publishedBy(settingsOf(text).settings, "refs/tags/v1.2.3")).toEqual({
      "docker.io/acme/app:v1.2.3": "linux/amd64",
      "docker.io/acme/app:latest": "linux/amd64",
    });
  });

  it("nothing of a build that is not pushed", () => {
    const text = workflow({ tags: ["type=ref,event=branch"] }).replace("push: true", "load: true");
    expect(publishedBy(settingsOf(text).settings, "refs/tags/v1.2.3")).toEqual({
      [`${image}:1.2.3`]: both,
      [`${image}:latest`]: both,
    });
  });
});

describe("what strangers' workflows do", () => {
  it("reads docker/metadata-action under the name that it had before", () => {
    const text = workflow({ tags: ["type=semver,pattern={{version}}"] }).replace(
      "docker/metadata-action@v5",
      "crazy-max/ghaction-docker-meta@v5",
    );
    expect(Object.keys(publishedBy(settingsOf(text).settings, "refs/tags/v1.2.3"))).toContain(
      `${image}:1.2.3`,
    );
    const { page } = settingsOf(text.replace("docker-meta@v5", "docker-meta@v1"));
    expect(rowsOf(page, "Left out").join()).toContain("its tags are made by another step");
  });

  it("fills what a matrix says into prefixes and suffixes of rules", () => {
    const text = workflow({
      tags: [`type=semver,pattern={{version}},suffix=\${{ matrix.kind.end }}`],
      flavor: ["latest=false"],
      job: "    strategy: { matrix: { kind: [{ end: '' }, { end: -debug }] } }\n",
      build: [`target: t\${{ matrix.kind.end }}`],
    });
    const { settings } = settingsOf(text);
    expect(Object.keys(publishedBy(settings, "refs/tags/v1.2.3")).sort()).toEqual([
      `${image}:1.2.3`,
      `${image}:1.2.3-debug`,
    ]);
    const branch = workflow({
      tags: ["type=semver,pattern={{raw}}", "type=ref,event=branch,prefix={{sha}}-"],
    });
    expect(settingsOf(branch).settings).toContain('"{sha}-{branch}"');
  });

  it("says nothing of what never starts the workflow, where it has the rules that are always there", () => {
    const rows = (on?: string) =>
      rowsOf(settingsOf(workflow(on === undefined ? {} : { on })).page, "Left out");
    expect(rows()).toEqual([]);
    expect(rows("{ push: { branches: [main] }, schedule: [{ cron: '0 0 * * *' }] }").join()).toContain(
      "schedule",
    );
  });

  it.each([
    ["'*'", '"v*", "[0-9]*"'],
    ["'*.*.*'", '"v*", "[0-9]*"'],
    ["'[0-9]+.[0-9]+.[0-9]+'", '"v*", "[0-9]*", "!*-*"'],
    ["'v*'", '"v*"'],
    ["'v*.*.*', '!v*-*'", '"v*", "!v*-*"'],
    ["'v[0-9]+.[0-9]+.[0-9]+'", '"v*", "!v*-*"'],
    ["'!v*-*', 'v*'", '"v*"'],
    ["'[0-9'", '"v*", "!v*-*"'],
  ])("releases tags without a v, and pre-releases, where %s publishes them now: %s", (pattern, tags) => {
    const text = workflow({
      on: `{ push: { tags: [${pattern}] } }`,
      tags: ["type=semver,pattern={{version}}"],
    });
    const written = initIn(checkout({ [file]: text, Dockerfile: "FROM scratch\n" }));
    expect(written.get(".github/workflows/slipway.yml")).toContain(`tags: [${tags}] }`);
  });

  it("says of what is pushed by digest, and gets its tags from a script, that it is not known", () => {
    const text = `on: { push: { tags: [v*] } }
jobs:
  build:
    strategy: { matrix: { platform: [linux/amd64, linux/arm/v7] } }
    steps:
      - uses: docker/build-push-action@v6
        with:
          platforms: \${{ matrix.platform }}
          outputs: type=image,name=${image},push-by-digest=true,name-canonical=true,push=true
  merge:
    needs: build
    steps:
      - run: docker buildx imagetools create -t ${image}:\${GITHUB_REF_NAME} *
`;
    const { page, settings } = settingsOf(text);
    const rows = rowsOf(page, "Left out").join("\n");
    expect(rows).toContain("build: docker/build-push-action | it pushes by digest");
    expect(rows).toContain("build: platforms: linux/amd64<br>build: platforms: linux/arm/v7");
    expect(Object.keys(publishedBy(settings, "refs/tags/v1.2.3"))).toEqual([]);
  });

  it("says that a branch beside the main one has to be named in the pipeline", () => {
    const { page } = settingsOf(workflow({ on: "{ push: { branches: [dev], tags: ['v*'] } }" }));
    expect(rowsOf(page, "Different").join()).toContain("branches in its push names others");
  });

  it("keeps the platforms of an image in mind that is not known from the files", () => {
    const { page } = settingsOf(workflow({ images: `\${{ secrets.NAME }}/app`, build: ["pull: true"] }));
    expect(rowsOf(page, "Left out").join()).toContain("publish: platforms: linux/amd64, linux/arm64");
  });
});

describe("what has no equivalent in a workflow is listed with the reason", () => {
  const version = "type=semver,pattern={{version}}";
  it.each<[string, Parts, string, string]>([
    ["pull requests", { tags: [version, "type=ref,event=pr"] }, "Left out", "--as pr-17"],
    ["schedules", { tags: [version, "type=schedule"] }, "Left out", "knows no schedule"],
    [
      "patterns",
      { tags: [version, "type=match,pattern=v(.*),group=1"] },
      "Left out",
      "no pattern can be turned round",
    ],
    ["PEP 440", { tags: [version, "type=pep440,pattern={{version}}"] }, "Left out", "Semantic Versioning"],
    [
      "other dates",
      { tags: [version, "type=raw,value={{date 'YYYY-MM'}},enable={{is_default_branch}}"] },
      "Left out",
      "no placeholder",
    ],
    [
      "conditions",
      { tags: [version, `type=raw,value=x,enable=\${{ github.actor == 'acme' }}`] },
      "Left out",
      "the settings have no condition",
    ],
    ["unknown kinds", { tags: [version, "type=constructor"] }, "Left out", "has no type constructor"],
    [
      "secrets in a repository",
      { images: `\${{ secrets.NAME }}/app`, tags: [version] },
      "Left out",
      "known only while the workflow runs",
    ],
    [
      "an environment of another kind",
      { images: `\${{ vars.NAME }}/app`, tags: [version] },
      "Left out",
      "known only while the workflow runs",
    ],
    [
      "a build context below",
      { tags: [version], build: ["context: ./web"] },
      "Left out",
      "call Slipway with --source web",
    ],
    ["Windows", { tags: [version], build: ["platforms: windows/amd64"] }, "Left out", "for Linux only"],
    [
      "what another step says",
      { tags: [version], build: [`build-args: A=\${{ steps.other.outputs.a }}`] },
      "Left out",
      "known only while the workflow runs",
    ],
    [
      "tags of a condition",
      { tags: [version], build: [`tags: \${{ steps.meta.outputs.tags || 'a' }}`] },
      "Left out",
      "a condition decides about its tags",
    ],
    [
      "secrets of a build",
      { tags: [version], build: ["secrets: a=b"] },
      "Left out",
      "no build of Slipway's takes secrets",
    ],
    ["attestations", { tags: [version], build: ["sbom: true"] }, "Left out", "a release attaches its own"],
    ["caches", { tags: [version], build: ["cache-from: type=gha"] }, "Not needed", "caches are the engine's"],
    [
      "a run by hand",
      { on: "workflow_dispatch", tags: ["type=raw,value=dev"] },
      "Left out",
      "--as publishes under a name",
    ],
    [
      "both that latest follows",
      { tags: ["type=raw,value=latest"] },
      "Different",
      "follows the main branch alone",
    ],
    [
      "a condition of the job",
      { tags: [version], job: "    if: github.repository == 'acme/app'\n" },
      "Different",
      "one of the pipeline",
    ],
    [
      "commits of versions as well",
      { tags: [version, "type=sha"] },
      "Different",
      "branches set it, and versions do not",
    ],
  ])("%s", (_, parts, section, reason) => {
    const text = workflow(parts);
    // What a test says of the step takes the place of what the usual form says.
    const keys = (parts.build ?? []).map((line) => line.replace(/:.*/s, ""));
    const lines = text.split("\n");
    const own = lines.filter((line, at) => {
      const key = keys.find((name) => line.startsWith(`          ${name}:`));
      return (
        key === undefined || at === lines.findLastIndex((other) => other.startsWith(`          ${key}:`))
      );
    });
    expect(rowsOf(settingsOf(own.join("\n")).page, section).join("\n")).toContain(reason);
  });

  it("bake", () => {
    const text = "on: push\njobs:\n  a:\n    steps:\n      - uses: docker/bake-action@v6\n";
    expect(rowsOf(settingsOf(text).page, "Left out").join()).toContain("its targets are not read");
  });
});

describe("a workflow", () => {
  it.each([
    ["push", "push", { versions: true, branches: true }],
    ["a list of events", "[push, pull_request]", { versions: true, branches: true }],
    ["tags alone", "{ push: { tags: ['v*'] } }", { versions: true, branches: false }],
    ["branches alone", "{ push: { branches: [main] } }", { versions: false, branches: true }],
    [
      "all tags left out",
      "{ push: { branches: [main], tags-ignore: ['**'] } }",
      { versions: false, branches: true },
    ],
    ["releases", "release", { versions: true, branches: false }],
    ["pull requests", "pull_request", { versions: false, branches: false }],
    ["others", "workflow_call", { versions: true, branches: true }],
  ])("runs for %s", (_, on, triggers) => {
    expect(parseWorkflow(`on: ${on}\njobs: {}\n`, file).triggers).toMatchObject(triggers);
  });

  it("has the combinations of its matrix, by path", () => {
    const { jobs } = parseWorkflow(
      "on: push\njobs:\n  a:\n    strategy:\n      matrix:\n        os: [a, b]\n        include:\n          - { os: a, arch: { name: x } }\n          - { os: c }\n",
      file,
    );
    const combinations = [...jobs.values()]
      .flatMap((job) => combinationsOf(job))
      .map((each) => Object.fromEntries(each));
    expect(combinations).toEqual([{ os: "a", "arch.name": "x" }, { os: "b" }, { os: "c" }]);
  });

  it("that is no workflow is refused by its name", () => {
    expect(() => settingsOf("- a\n")).toThrow(`${file}: expected a mapping`);
  });
});
