import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { farewell } from "../../src/adoption/init.js";
import { compareCacheKey } from "../../src/ci-image/cache-key.js";
import { requestedTools } from "../../src/ci-image/tools.js";
import { parseSettings } from "../../src/config.js";
import { readOrigin } from "../../src/forge/origin.js";
import { checkout, gitConfig, initIn, publishedBy, rowsOf } from "../support/adoption.js";
import { callersOf } from "../support/callers.js";
import { root } from "../support/contract.js";
import { documentedFiles } from "../support/markdown.js";

const goreleaser = `version: 2
dockers_v2:
  - images: [ghcr.io/acme/app]
    tags: ["{{ .Tag }}", latest]
`;
const goProject = {
  "go.mod": "module example.com/app\n\ngo 1.24.0\n",
  "go.sum": "",
  Dockerfile: "FROM scratch\n",
};

describe("init", () => {
  it("writes what a project with GoReleaser needs, and nothing else", () => {
    const written = initIn(checkout({ ...goProject, ".goreleaser.yaml": goreleaser }));
    expect([...written.keys()]).toEqual([
      "slipway.json",
      ".cache-key",
      ".github/workflows/slipway.yml",
      ".gitignore",
      "SLIPWAY.md",
    ]);
    expect(JSON.parse(written.get("slipway.json") ?? "")).toEqual({
      cacheKey: { files: ["go.mod", "go.sum"] },
      release: {
        repositories: [{ repository: "ghcr.io/acme/app", latest: "highest" }],
        tags: ["{tag}"],
        preReleases: true,
      },
    });
  });

  it("says what it read, what to do next, and what is always another way", () => {
    const page = initIn(checkout({ ...goProject, ".goreleaser.yaml": goreleaser })).get("SLIPWAY.md");
    expect(page).toContain("Read: `.goreleaser.yaml`, `Dockerfile`, `go.mod`, `.git/config`.");
    expect(page).toMatch(/^dagger call -m \S+ --source \. rehearse$/m);
    expect(page).toContain("follows the highest version that is published");
  });

  it("has a Go project rehearsed without binaries, which rehearse builds by itself", () => {
    expect(initIn(checkout(goProject)).get("SLIPWAY.md")).toMatch(/ rehearse$/m);
  });

  it("has one of binaries that a job builds rehearsed with them", () => {
    const page = initIn(checkout({ "Cargo.toml": "", Dockerfile: "FROM scratch\nCOPY app /\n" }));
    expect(page.get("SLIPWAY.md")).toMatch(/ rehearse --binaries dist$/m);
  });

  it("says on GitLab that no push publishes a pre-release, where GoReleaser's did", () => {
    const files = { ...goProject, ".goreleaser.yaml": goreleaser };
    const pageOf = (others: Record<string, string>) =>
      initIn({ ...checkout(files), ...others }).get("SLIPWAY.md");
    expect(
      rowsOf(pageOf({ ".git/config": gitConfig("https://gitlab.com/acme/app") }), "Different").join(),
    ).toContain("| pre-releases | the push of v1.2.3-rc.1 publishes nothing");
    expect(pageOf({})).not.toContain("| pre-releases |");
  });

  it.each<[string, Record<string, string>]>([
    ["nothing at all", {}],
    ["a remote alone", checkout({})],
    ["a Go project", checkout(goProject)],
    ["GoReleaser", checkout({ ...goProject, ".goreleaser.yaml": goreleaser })],
    ["GitLab", { ".git/config": gitConfig("git@gitlab.com:group/sub/app.git"), ...goProject }],
    [
      "GitLab with a pipeline",
      { ".git/config": gitConfig("git@gitlab.com:group/app.git"), ".gitlab-ci.yml": "a: {}\n" },
    ],
    ["settings", checkout({ ...goProject, "slipway.json": "{}" })],
    ["tools", checkout({ ...goProject, ".tool-versions": "golangci-lint 2.1.6\n" })],
  ])("overwrites nothing, changes nothing the second time, and writes settings that hold: %s", (_, files) => {
    const written = initIn(files);
    expect([...written.keys()].filter((path) => path in files)).toEqual([]);
    expect([...initIn({ ...files, ...Object.fromEntries(written) })]).toEqual([]);
    const settings = written.get("slipway.json");
    if (settings !== undefined) expect(() => parseSettings(settings)).not.toThrow();
  });

  it("leaves settings as they are, and says what they would have been", () => {
    const written = initIn(checkout({ ".goreleaser.yaml": goreleaser, "slipway.json": '{"release": {}}' }));
    expect(written.has("slipway.json")).toBe(false);
    expect(written.has(".cache-key")).toBe(false);
    expect(written.get("SLIPWAY.md")).toContain('"repository": "ghcr.io/acme/app"');
  });

  it.each([
    ["https://github.com/Acme/app.git", "ghcr.io/acme/app"],
    ["git@gitlab.com:group/sub/app.git", "registry.gitlab.com/group/sub/app"],
  ])("takes the place of %s where nothing names an image", (url, repository) => {
    const written = initIn({ ".git/config": gitConfig(url), Dockerfile: "FROM scratch\n" });
    expect(publishedBy(written.get("slipway.json") ?? "", "refs/tags/v1.2.3")).toEqual({
      [`${repository}:1.2.3`]: "linux/amd64, linux/arm64",
      [`${repository}:latest`]: "linux/amd64, linux/arm64",
    });
    expect(rowsOf(written.get("SLIPWAY.md"), "Different").join()).toContain(repository);
  });

  it.each([
    ["there is no remote", { Dockerfile: "FROM scratch\n" }],
    [
      "the forge has no place for all",
      { ".git/config": gitConfig("https://git.example.com/acme/app"), Dockerfile: "FROM scratch\n" },
    ],
    [
      "what names it is not known",
      checkout({ ".goreleaser.yaml": 'dockers_v2:\n  - images: ["{{ .Env.A }}/b"]\n    tags: [c]\n' }),
    ],
  ])("names no repository by a guess where %s", (_, files) => {
    const written = initIn(files);
    expect(parseSettings(written.get("slipway.json")).release.repositories).toEqual([]);
    expect(rowsOf(written.get("SLIPWAY.md"), "To do").join()).toContain("release.repositories");
  });

  it("takes the main branch from the remote", () => {
    const head = { ".git/refs/remotes/origin/HEAD": "ref: refs/remotes/origin/develop\n" };
    const files = checkout({ ...goProject, ...head });
    const written = initIn(files);
    expect(parseSettings(written.get("slipway.json")).release.mainBranch).toBe("develop");
    expect(written.get(".github/workflows/slipway.yml")).toContain('branches: ["develop"]');
  });

  it("takes the main branch from the workflows, where the checkout is of a commit", () => {
    const files = checkout({
      ".git/HEAD": "1a2b3c4d1a2b3c4d1a2b3c4d1a2b3c4d1a2b3c4d\n",
      ".github/workflows/ci.yml": "on: { push: { branches: [master, 'release/**'] } }\njobs: {}\n",
    });
    expect(parseSettings(initIn(files).get("slipway.json")).release.mainBranch).toBe("master");
  });

  it("says where the main branch is not known", () => {
    const page = initIn(checkout({ ".git/HEAD": "ref: refs/heads/feature\n" })).get("SLIPWAY.md");
    expect(rowsOf(page, "To do").join()).toContain("release.mainBranch");
  });

  it("takes variables from the workflow that runs GoReleaser, where they are written there", () => {
    const files = checkout({
      ".goreleaser.yaml":
        'dockers_v2:\n  - images: ["{{ .Env.WHERE }}/{{ .Env.WHO }}"]\n    tags: ["{{ .Tag }}"]\n',
      ".github/workflows/release.yml": `on: { push: { tags: ["v*"] } }
jobs:
  release:
    env: { WHERE: quay.io/acme }
    steps:
      - uses: goreleaser/goreleaser-action@v6
        env: { WHO: "\${{ github.event.repository.name }}", TOKEN: "\${{ secrets.TOKEN }}" }
`,
    });
    expect(publishedBy(initIn(files).get("slipway.json") ?? "", "refs/tags/v1.2.3")).toEqual({
      "quay.io/acme/app:v1.2.3": "linux/amd64, linux/arm64",
    });
  });

  it("writes a key of the cache that check-cache-key takes", () => {
    const written = initIn(checkout(goProject));
    const { files } = parseSettings(written.get("slipway.json")).cacheKey;
    const contents = { ...goProject, ...Object.fromEntries(written) } as Record<string, string>;
    const entries = files.map((path) => ({ path, content: Buffer.from(contents[path] ?? "missing") }));
    expect(() => compareCacheKey(written.get(".cache-key"), entries)).not.toThrow();
  });

  it.each<[string, Record<string, string>, Record<string, string> | undefined]>([
    ["none", {}, undefined],
    [
      "asdf's",
      { ".tool-versions": "golang 1.24.1\ngolangci-lint 2.1.6\n" },
      { "golangci-lint": "2.1.6", goreleaser: "2.13.3" },
    ],
    [
      "mise's",
      { "mise.toml": '[tools]\ngoreleaser = "2.4.0"\n' },
      { "golangci-lint": "2.7.2", goreleaser: "2.4.0" },
    ],
    [
      "an action's",
      {
        ".github/workflows/lint.yml":
          "on: push\njobs:\n  a:\n    steps:\n      - { uses: golangci/golangci-lint-action@v8, with: { version: v2.1.6 } }\n",
      },
      { "golangci-lint": "2.1.6", goreleaser: "2.13.3" },
    ],
    ["one that is not exact", { ".tool-versions": "golangci-lint latest\n" }, undefined],
  ])("pins the versions of tools that a project names: %s", (_, files, expected) => {
    const text = initIn(checkout({ ...goProject, ...files })).get(".mise/config.toml");
    expect(text && requestedTools(text)).toEqual(expected);
  });

  it("says what the CI image cannot take of a mise configuration that is there", () => {
    const written = initIn(
      checkout({ ...goProject, ".mise/config.toml": '[tools]\ngoreleaser = "latest"\n' }),
    );
    expect(written.has(".mise/config.toml")).toBe(false);
    expect(rowsOf(written.get("SLIPWAY.md"), "To do").join()).toContain("one entry for golangci-lint");
  });

  it("gives the CI image the Go that go.mod asks for, where the default is lower", () => {
    const go = (version: string) =>
      parseSettings(
        initIn(checkout({ ...goProject, "go.mod": `module a\n\ngo ${version}\n` })).get("slipway.json"),
      ).ciImage.go;
    expect([go("1.24.0"), go("1.99.1")]).toEqual(["1.25.5", "1.99.1"]);
  });

  it.each([
    [".ci/release.gitlab-ci.yml", "ship: { script: [docker push a] }\n", true],
    [".gitlab/ci/ship.yml", "ship:\n  script:\n    - docker push a\n", true],
    [".gitlab-ci.yml", "docs: { script: [mike deploy --push latest] }\n", false],
    [".gitlab-ci.yml", "ship:\n  script:\n    - >-\n      docker buildx build\n      --push .\n", true],
  ])(
    "finds scripts that publish images in pipelines of GitLab, and in what they include: %s",
    (file, text, found) => {
      const files = { ...goProject, ".git/config": gitConfig("git@gitlab.com:group/app.git"), [file]: text };
      const rows = rowsOf(initIn(files).get("SLIPWAY.md"), "To do");
      expect(rows.filter((row) => row.startsWith(`| ${file} | a script`))).toHaveLength(found ? 1 : 0);
    },
  );

  it("names no image where none of the Dockerfiles is where one is looked for", () => {
    const written = initIn(
      checkout({ "a/Dockerfile.one": "FROM scratch\n", "b/Dockerfile.two": "FROM scratch\n" }),
    );
    expect(parseSettings(written.get("slipway.json")).release.repositories).toEqual([]);
    const page = written.get("SLIPWAY.md");
    expect(rowsOf(page, "To do").join()).toContain("name it, as in a/Dockerfile.one");
    expect(rowsOf(page, "Different")).toHaveLength(1);
    expect(rowsOf(page, "Different").join()).toContain("a/Dockerfile.one<br>b/Dockerfile.two");
  });

  it("says that dist is no part of what a Dockerfile copies", () => {
    const files = { Dockerfile: "FROM scratch\nCOPY dist/app /app\n", ".gitignore": "dist\n" };
    expect(initIn(checkout(files)).get("SLIPWAY.md")).toContain("write COPY app, and not COPY dist/app.");
  });

  it.each([
    ["Makefile", "release:\n\tdocker buildx build \\\n\t  --push .\n"],
    ["justfile", "ship:\n  podman manifest push a\n"],
    ["scripts/release.sh", "docker build -t a . && docker push a\n"],
  ])("names a file of commands that publishes images: %s", (file, text) => {
    const rows = rowsOf(initIn(checkout({ ...goProject, [file]: text })).get("SLIPWAY.md"), "To do");
    expect(rows.filter((row) => row.startsWith(`| ${file} | a script`))).toHaveLength(1);
  });

  it.each([
    ["Makefile", "release:\n\tdocker build . && git push --tags\n"],
    ["scripts/a.sh", "git push origin main\ndocker build .; git push\n"],
    ["docs/release.sh", "docker push a\n"],
  ])("names no file of commands that publishes none, or lies elsewhere: %s", (file, text) => {
    const rows = rowsOf(initIn(checkout({ ...goProject, [file]: text })).get("SLIPWAY.md"), "To do");
    expect(rows.filter((row) => row.includes("a script"))).toEqual([]);
  });

  it("has git ignore what jobs leave behind, but nothing that the repository has", () => {
    const files = { "images/logo.svg": "", ...goProject };
    expect(initIn(checkout(files)).get(".gitignore")).toBe(
      "/dist/\n/dist.tar\n/reports/\n/report.env\n/.go-mod-cache/\n/.dependency-cache/\n",
    );
  });

  it("lists what a .gitignore lacks, which stays as it is", () => {
    const written = initIn(checkout({ ...goProject, ".gitignore": "dist\n/images/\n*.tar\nreports/\n" }));
    expect(written.has(".gitignore")).toBe(false);
    expect(rowsOf(written.get("SLIPWAY.md"), "To do").join()).toContain(
      "| .gitignore | /report.env /.go-mod-cache/ /.dependency-cache/ |",
    );
  });

  it("ignores what docs/ci.md does", () => {
    const lines = initIn(checkout(goProject)).get(".gitignore")?.trimEnd().replaceAll("\n", " ");
    expect(readFileSync(join(root, "docs/ci.md"), "utf8")).toContain(`printf '%s\\n' ${lines} >> .gitignore`);
  });

  it("names the steps of a workflow that publish until now", () => {
    const step = "uses: docker/build-push-action@v6\n        with: { push: true, tags: ghcr.io/acme/app:1 }";
    const text = `on: push\njobs:\n  ship:\n    steps:\n      - ${step}\n`;
    const page = initIn(checkout({ ...goProject, ".github/workflows/a.yml": text })).get("SLIPWAY.md");
    expect(rowsOf(page, "To do").join()).toContain(
      "| .github/workflows/a.yml | ship: docker/build-push-action | it publishes these images until now",
    );
  });

  it("says first what is to be done, then what comes next", () => {
    const page = initIn({ Dockerfile: "FROM scratch\n" }).get("SLIPWAY.md") ?? "";
    const titles = page.match(/^## .*/gm) ?? [];
    expect(titles.slice(0, 2)).toEqual(["## To do", "## Next"]);
  });

  it.each([
    ["https://github.com/acme/app", {}, ".github/workflows/slipway.yml"],
    ["https://gitlab.com/acme/app", {}, ".gitlab-ci.yml"],
    [
      "https://gitlab.com/acme/app",
      { ".gitlab-ci.yml": "a: { script: [true] }\n" },
      ".gitlab-ci.slipway.yml",
    ],
  ])(
    "shows the pipeline of binaries that a job at %s builds, and what it hands over: %j",
    (url, others, path) => {
      const files = {
        ".git/config": gitConfig(url),
        Dockerfile: `FROM scratch\nARG TARGETARCH\nCOPY dist/app-linux-\${TARGETARCH} /app\n`,
        ".gitignore": "/dist/\n",
        ...others,
      };
      const page = initIn(files).get("SLIPWAY.md") ?? "";
      const [, section = ""] = /^## The pipeline of binaries[^\n]*\n(.*?)^## /ms.exec(page) ?? [];
      expect(section).toContain(`Write it as \`${path}\``);
      expect(section).toContain("`dist/linux/amd64/app`");
      expect(page).toContain(" https://github.com/acme/slipway/blob/");
      const [pipeline] = documentedFiles(section, "yaml").map((text) => parse(text));
      if (url.includes("github")) {
        expect(pipeline.jobs.release).toMatchObject({
          needs: "build",
          with: { from: "binaries", artifact: "dist", skip_checks: true },
        });
        expect(pipeline.jobs.build.steps.at(-1).with).toMatchObject({ name: "dist", path: "dist.tar" });
      } else {
        expect(pipeline.include[0].inputs).toMatchObject({ release_from: "binaries", skip_checks: true });
        expect(pipeline["slipway-build-binaries"].script).toBe("./build.sh");
      }
    },
  );

  it("ends by saying what to read", () => {
    expect(farewell(initIn(checkout(goProject)))).toMatch(/^Read SLIPWAY\.md next/);
    expect(farewell(new Map())).toMatch(/nothing to write/);
    expect(farewell(new Map([["slipway.json", ""]]))).toMatch(
      /wrote slipway\.json; SLIPWAY\.md is that of an earlier/,
    );
  });

  it.each([
    [
      "a workflow",
      ".github/workflows/a.yml",
      "on: push\njobs:\n  a:\n    steps:\n      - run: docker push a/b\n",
    ],
    [
      "buildx",
      ".github/workflows/a.yml",
      "on: push\njobs:\n  a:\n    steps:\n      - run: |\n          docker buildx build \\\n            --push .\n",
    ],
    [
      "podman",
      ".github/workflows/a.yml",
      "on: push\njobs:\n  a:\n    steps:\n      - run: podman manifest push a\n",
    ],
    ["a pipeline of GitLab", ".gitlab-ci.yml", "a:\n  script: [docker build --push .]\n"],
  ])("says that the scripts of %s are not read", (_, file, text) => {
    const page = initIn(checkout({ [file]: text })).get("SLIPWAY.md");
    expect(rowsOf(page, "To do").join()).toMatch(/a script that publishes images.*ciImage\.repositories/);
  });

  it.each(["run: git push && docker build .", "uses: docker/build-push-action@v6"])(
    "says nothing of a step that publishes by no script: %s",
    (step) => {
      const text = `on: push\njobs:\n  a:\n    steps:\n      - ${step}\n`;
      const page = initIn(checkout({ ...goProject, ".github/workflows/a.yml": text })).get("SLIPWAY.md");
      expect(rowsOf(page, "To do").filter((row) => row.includes("script"))).toEqual([]);
    },
  );

  it.each([
    ["stages: [check, ship]\n", true],
    ["test:\n  stage: test\n", false],
  ])("says which stages its jobs are in where a pipeline has its own: %s", (pipeline, said) => {
    const files = {
      ...goProject,
      ".git/config": gitConfig("git@gitlab.com:group/app.git"),
      ".gitlab-ci.yml": pipeline,
    };
    const rows = rowsOf(initIn(files).get("SLIPWAY.md"), "To do").join();
    expect(rows.includes("build, test and deploy")).toBe(said);
  });

  it("never takes the Dockerfile of the CI image for that of a release", () => {
    const { release } = parseSettings(initIn(checkout({ "Dockerfile.ci": "" })).get("slipway.json"));
    expect(release.dockerfile).toBeUndefined();
  });

  it("takes the Go that mise pins, where it is higher than the default", () => {
    const files = checkout({ ...goProject, ".mise/config.toml": '[tools]\ngo = "1.99.2"\n' });
    expect(parseSettings(initIn(files).get("slipway.json")).ciImage).toMatchObject({
      go: "1.99.2",
      buildArgs: { BASE_IMAGE: "golang:1.99.2-alpine3.23" },
    });
    const least = checkout({ ...goProject, "go.mod": "module a\n\ngo 1.99\n", "Dockerfile.ci": "FROM a\n" });
    const { go, buildArgs } = parseSettings(initIn(least).get("slipway.json")).ciImage;
    expect([go, buildArgs]).toEqual(["1.99.0", {}]);
  });

  it("lists Dockerfiles that no image is made by", () => {
    const page = initIn(checkout({ Dockerfile: "", "web/Dockerfile": "", "Dockerfile.ci": "" })).get(
      "SLIPWAY.md",
    );
    const rows = rowsOf(page, "Different").join("\n");
    expect(rows).toContain("web/Dockerfile");
    expect(rows).not.toContain("Dockerfile.ci");
  });

  it("adds to a pipeline of GitLab by a file of its own", () => {
    const files = {
      ".git/config": gitConfig("https://gitlab.com/group/app"),
      ".gitlab-ci.yml": "test: {}\n",
      ...goProject,
    };
    const written = initIn(files);
    expect([...written.keys()]).toContain(".gitlab-ci.slipway.yml");
    expect(written.has(".gitlab-ci.yml")).toBe(false);
    expect(rowsOf(written.get("SLIPWAY.md"), "To do").join()).toContain("local: .gitlab-ci.slipway.yml");
  });

  it("has nothing to add to a pipeline of GitLab that includes it already", () => {
    const files = { ".git/config": gitConfig("https://gitlab.com/group/app"), "go.mod": "module a\n" };
    const written = initIn(files);
    expect(written.get(".gitlab-ci.yml")).toMatch(
      /^include:\n {2}- remote: https:\/\/\S+\/templates\/pipeline\.yml\n/,
    );
    expect([...initIn({ ...files, ...Object.fromEntries(written) })]).toEqual([]);
  });

  it.each<[string, Record<string, string>, string, boolean]>([
    ["what GoReleaser builds", { ...goProject, ".goreleaser.yaml": goreleaser }, "binaries", true],
    ["binaries, where the Dockerfile runs nothing", goProject, "binaries", true],
    [
      "source, where the Dockerfile compiles beside a GoReleaser that makes no images",
      {
        ...goProject,
        ".goreleaser.yaml": "version: 2\n",
        Dockerfile: "FROM golang AS build\nCOPY go.mod .\nRUN go build .\n",
      },
      "source",
      true,
    ],
    [
      "source, where the Dockerfile compiles",
      { ...goProject, Dockerfile: "FROM golang AS build\nRUN go build .\n" },
      "source",
      true,
    ],
    [
      "source, for another language, with no checks of Go",
      { Dockerfile: "FROM node\nRUN npm ci\n" },
      "source",
      false,
    ],
  ])("releases %s", (_, files, from, isGo) => {
    const workflow = parse(initIn(checkout(files)).get(".github/workflows/slipway.yml") ?? "");
    expect(workflow.jobs.release.with).toEqual({ from, ...(isGo ? {} : { skip_checks: true }) });
    expect("ci" in workflow.jobs).toBe(isGo);
    expect("pull_request" in workflow.on).toBe(isGo);
    const pipeline = initIn({ ...files, ".git/config": gitConfig("https://gitlab.com/group/app") });
    const { registry, registry_username, ...inputs } = parse(pipeline.get(".gitlab-ci.yml") ?? "").include[0]
      .inputs;
    expect(inputs).toEqual({ release_from: from, ...(isGo ? {} : { skip_checks: true }) });
    const isElsewhere = (pipeline.get("slipway.json") ?? "").includes("ghcr.io");
    expect([registry, registry_username]).toEqual(isElsewhere ? ["ghcr.io", "acme"] : [undefined, undefined]);
  });

  it("releases no image of a project without a Dockerfile, and calls its checks alone", () => {
    const { Dockerfile: _, ...plain } = goProject;
    const written = initIn(checkout(plain));
    const workflow = parse(written.get(".github/workflows/slipway.yml") ?? "");
    expect(workflow.on.push).toEqual({ branches: ["main"] });
    expect(Object.keys(workflow.jobs)).toEqual(["ci"]);
    expect(workflow.jobs.ci.if).toBeUndefined();
    expect(JSON.parse(written.get("slipway.json") ?? "").release?.repositories).toBeUndefined();
    expect(rowsOf(written.get("SLIPWAY.md"), "To do").join()).toContain("write a Dockerfile.release");
    expect(written.get("SLIPWAY.md")).toMatch(/^dagger call -m \S+ --source \. ci$/m);
    const gitlab = initIn({ ...plain, ".git/config": gitConfig("https://gitlab.com/group/app") });
    expect(parse(gitlab.get(".gitlab-ci.yml") ?? "").include[0].inputs).toEqual({ release_from: "none" });
  });

  it.each([
    ["main.go", true],
    ["cmd/app/main.go", true],
    ["internal/main.go", false],
  ])("releases a program without a Dockerfile, which gets Slipway's: %s", (path, releases) => {
    const { Dockerfile: _, ...plain } = goProject;
    const written = initIn(checkout({ ...plain, [path]: "package main\n" }));
    const { images } = parseSettings(written.get("slipway.json")).release;
    expect(images[0]?.repositories).toHaveLength(releases ? 1 : 0);
    const workflow = parse(written.get(".github/workflows/slipway.yml") ?? "");
    expect(Object.keys(workflow.jobs)).toEqual(releases ? ["ci", "release"] : ["ci"]);
  });

  it("adds nothing to a pipeline of GitLab where it has written nothing to add", () => {
    const files = {
      ".git/config": gitConfig("git@gitlab.com:group/app.git"),
      ".gitlab-ci.yml": "a: { script: [true] }\n",
      Dockerfile: "FROM scratch\nCOPY dist/app /app\n",
    };
    const written = initIn(files);
    expect([...written.keys()].filter((path) => path.startsWith(".gitlab"))).toEqual([]);
    expect(rowsOf(written.get("SLIPWAY.md"), "To do").join()).not.toContain("include");
  });

  it("writes no pipeline where there is nothing to call", () => {
    expect([...initIn(checkout({})).keys()]).toEqual(["slipway.json", "SLIPWAY.md"]);
  });

  it("names the account and the secret of Docker Hub, and of other registries what is to be set", () => {
    const config = "dockers_v2:\n  - images: [acme/app, quay.io/acme/app]\n    tags: ['{{ .Version }}']\n";
    const written = initIn(checkout({ ...goProject, ".goreleaser.yaml": config }));
    const { release } = parse(written.get(".github/workflows/slipway.yml") ?? "").jobs;
    expect(release.with).toEqual({
      from: "binaries",
      dockerhub_username: "acme",
      registry: "quay.io",
      registry_username: "acme",
    });
    expect(Object.keys(release.secrets)).toEqual(["DOCKERHUB_TOKEN", "REGISTRY_PASSWORD"]);
    const lines = written.get(".github/workflows/slipway.yml")?.trimEnd().split("\n") ?? [];
    expect(lines.length).toBeLessThanOrEqual(20);
    const rows = rowsOf(written.get("SLIPWAY.md"), "To do").join("\n");
    expect(rows).toContain("DOCKERHUB_TOKEN");
    expect(rows).toMatch(/quay\.io.*registry_username/);
  });

  it.each<[string, string, string | undefined]>([
    ["https://gitlab.com/group/app", "registry.gitlab.com/group/app", undefined],
    ["https://gitlab.com/group/app", "ghcr.io/acme/app", "ghcr.io"],
    ["https://gitlab.example.com/group/app", "registry.example.com/group/app", undefined],
    ["https://gitlab.example.com/group/app", "gitlab.example.com:5050/group/app", undefined],
    ["https://gitlab.example.com/group/app", "harbor.acme.test:8443/acme/app", "harbor.acme.test:8443"],
    ["https://github.com/acme/app", "ghcr.io/acme/app", undefined],
    ["https://github.com/acme/app", "quay.io/acme/app", "quay.io"],
  ])("signs the pipelines of %s in to %s, unless they are", (url, repository, expected) => {
    const settings = JSON.stringify({ release: { repositories: [repository] } });
    const files = { ...goProject, "slipway.json": settings, ".git/config": gitConfig(url) };
    const written = initIn(files);
    const github = parse(written.get(".github/workflows/slipway.yml") ?? "");
    const gitlab = parse(written.get(".gitlab-ci.yml") ?? "");
    const passed = github?.jobs.release.with ?? gitlab.include[0].inputs;
    expect([passed.registry, passed.registry_username]).toEqual([
      expected,
      expected && repository.split("/")[1],
    ]);
    const rows = rowsOf(written.get("SLIPWAY.md"), "To do").filter((row) =>
      row.includes("REGISTRY_PASSWORD"),
    );
    expect(rows).toHaveLength(expected === undefined ? 0 : 1);
  });

  it("says of a third registry that the pipeline does not sign in to it", () => {
    const repositories = ["quay.io/acme/app", "harbor.acme.test/acme/app"];
    const files = { ...goProject, "slipway.json": JSON.stringify({ release: { repositories } }) };
    const rows = rowsOf(initIn(checkout(files)).get("SLIPWAY.md"), "To do").join("\n");
    expect(rows).toMatch(/harbor\.acme\.test.*signs in to one such registry, and that is quay\.io/);
  });

  it("writes callers of at most 20 lines, of the form that README has", () => {
    const config = "dockers_v2:\n  - images: [ghcr.io/acme/app, acme/app]\n    tags: ['{{ .Version }}']\n";
    const written = initIn(checkout({ ...goProject, ".goreleaser.yaml": config }));
    const [caller] = callersOf("README.md").github;
    expect(written.get(".github/workflows/slipway.yml")?.replace('["main"]', "[main]").trimEnd()).toBe(
      caller?.trimEnd(),
    );
  });

  it("writes an account as YAML reads it back", () => {
    for (const account of ["0123", "1e10", "0x10", "null", "acme"]) {
      const config = `dockers_v2:\n  - images: [docker.io/${account}/app]\n    tags: ['{{ .Version }}']\n`;
      const files = { ...goProject, ".goreleaser.yaml": config };
      const github = initIn(checkout(files)).get(".github/workflows/slipway.yml") ?? "";
      expect(parse(github).jobs.release.with.dockerhub_username).toBe(account);
      const gitlab = initIn({ ...files, ".git/config": gitConfig("https://gitlab.com/group/app") });
      expect(parse(gitlab.get(".gitlab-ci.yml") ?? "").include[0].inputs.dockerhub_username).toBe(account);
    }
  });

  it.each<[string, Record<string, string>]>([
    [
      "variables of a workflow that repeat each other",
      {
        ".github/workflows/x.yml": `on: { push: { tags: [v*] } }
env:
${[0, 1, 2, 3].map((at) => `  V${at}: "${`\${{env.V${at + 1}}}`.repeat(60)}"`).join("\n")}
  V4: ""
jobs:
  a:
    steps:
      - uses: docker/build-push-action@v6
        with:
          push: true
          tags: "ghcr.io/a/b:\${{env.V0}}"
`,
      },
    ],
    [
      "a text that grows in a template",
      {
        ".goreleaser.yaml": `dockers:
  - image_templates: ['ghcr.io/a/b:{{ ${Array.from({ length: 12 }).reduce<string>(
    (inner) => `(replace ${inner} "a" "aaaaaaaaaa")`,
    '"aaaaaaaaaa"',
  )} }}']
    dockerfile: Dockerfile
    goarch: amd64
`,
      },
    ],
    [
      "variables of GoReleaser that repeat the one before",
      {
        ".goreleaser.yaml": `env:
  - V0=aaaaaaaaaa
${[1, 2, 3, 4, 5, 6].map((at) => `  - 'V${at}=${`{{ .Env.V${at - 1} }}`.repeat(50)}'`).join("\n")}
dockers:
  - image_templates: ['ghcr.io/a/b:{{ .Env.V6 }}']
    dockerfile: Dockerfile
    goarch: amd64
`,
      },
    ],
    [
      "a Dockerfile and a remote of blank lines",
      { Dockerfile: `FROM scratch\n${"\n".repeat(200_000)}COPY a /\n` },
    ],
  ])("ends soon, and says why it takes none of it: %s", (_, files) => {
    const written = initIn(checkout({ Dockerfile: "FROM scratch\n", "go.mod": "module a\n", ...files }));
    expect(written.has("SLIPWAY.md")).toBe(true);
    const settings = parseSettings(written.get("slipway.json"));
    expect(JSON.stringify(settings).length).toBeLessThan(20_000);
  });

  it("shows nothing of a configuration as markup", () => {
    const config = 'dockers_v2:\n  - images: ["{{ .Env.A }}/<script>|`x`"]\n    tags: [c]\n';
    const page = initIn(checkout({ ".goreleaser.yaml": config })).get("SLIPWAY.md");
    expect(page).not.toMatch(/(?<!\\)<script>/);
  });
});

describe("docs/move-in.md", () => {
  const page = readFileSync(join(root, "docs/move-in.md"), "utf8");
  const build = (arch: string) => `  - goarch: ${arch}
    use: buildx
    image_templates: ["ghcr.io/acme/app:{{ .Version }}-${arch}"]
    build_flag_templates:
      - --pull
      - --platform=linux/${arch}
      - --label=org.opencontainers.image.version={{ .Version }}
`;
  const list = (name: string) => `  - name_template: "${name}"
    image_templates:
      - ghcr.io/acme/app:{{ .Version }}-amd64
      - ghcr.io/acme/app:{{ .Version }}-arm64
`;
  const names = [
    "ghcr.io/acme/app:{{ .Version }}",
    "ghcr.io/acme/app:latest",
    "{{ .Env.MIRROR }}/app:{{ .Version }}",
  ];
  const before = `dockers:\n${build("amd64")}${build("arm64")}docker_manifests:\n${names.map(list).join("")}`;
  const written = initIn(checkout({ ...goProject, ".goreleaser.yaml": before }));

  it("shows the settings that init writes", () => {
    const { release } = JSON.parse(written.get("slipway.json") ?? "");
    expect(documentedFiles(page, "json").map((text) => JSON.parse(text))).toEqual([{ release }]);
  });

  it("shows rows of the page that init leaves", () => {
    const rows = ["Left out", "Not needed"].flatMap((title) => rowsOf(written.get("SLIPWAY.md"), title));
    expect(rows).toHaveLength(2);
    for (const row of rows) expect(page).toContain(row);
  });
});

describe("the remote of a repository", () => {
  it.each([
    ["https://github.com/acme/app.git", "https://github.com/acme/app"],
    ["https://user:secret@github.com/acme/app", "https://github.com/acme/app"],
    ["git@github.com:acme/app.git", "https://github.com/acme/app"],
    ["ssh://git@gitlab.example.com:22/group/sub/app.git", "https://gitlab.example.com/group/sub/app"],
    ["/srv/git/app.git", undefined],
    ["../app", undefined],
    ["git@github.com:../../user", undefined],
    ["https://github.com/acme/..", undefined],
    ["git@github.com:acme/app?x=1", undefined],
    ["git@github.com:acme/app%2f..", undefined],
  ])("%s is %s", (url, expected) => {
    expect(readOrigin(gitConfig(url))?.url).toBe(expected);
  });

  it("is the one called origin", () => {
    expect(readOrigin('[remote "upstream"]\n\turl = https://github.com/other/app\n')).toBeUndefined();
  });
});
