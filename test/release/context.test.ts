// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Dockerfiles write variables like this.
import { chmod, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseSettings } from "../../src/config.js";
import { parseDockerfile } from "../../src/dockerfile/dockerfile.js";
import { permissionRemark } from "../../src/dockerfile/permissions.js";
import { surveyDockerfile } from "../../src/dockerfile/survey.js";
import { InputError } from "../../src/errors.js";
import { parsePlatform } from "../../src/oci/platform.js";
import type { Project } from "../../src/project.js";
import { assembleRelease } from "../../src/release/assemble.js";
import type { ReleaseDescription } from "../../src/release/description.js";
import { planEngineBuild } from "../../src/release/engine-build.js";
import { readRef } from "../../src/tags/ref.js";
import { makeClient } from "../support/client.js";
import { openContext, writeFiles } from "../support/image-files.js";
import {
  copiedFiles,
  type Files,
  program,
  type StagedProject,
  stageProject,
} from "../support/staged-release.js";
import { makeTemporaryDirectory } from "../support/temporary-directory.js";
import { errorThrownBy, messageThrownBy } from "../support/thrown.js";

const recording = (name: string) =>
  readFile(new URL(`../fixtures/goreleaser/build/${name}`, import.meta.url), "utf8");

const goreleaser: Files = {
  "artifacts.json": (await recording("artifacts.json")).replaceAll('"hello"', '"app"'),
  "metadata.json": await recording("metadata.json"),
  "config.yaml": "what GoReleaser was told",
  "hello_linux_amd64_v1/hello": program("amd64"),
  "hello_linux_arm64_v8.0/hello": program("arm64"),
};

/** Binaries as plain builds leave them. */
const plain = (pattern: (arch: string) => string): Files => ({
  [pattern("amd64")]: program("amd64"),
  [pattern("arm64")]: program("arm64"),
  "checksums.txt": "sums",
});

const source: Files = {
  LICENSE: "license",
  "docker/entrypoint.sh": { content: "#!/bin/sh\n", mode: 0o755 },
  "config.yaml": "of the project",
  "main.go": "package main\n",
  ".git/HEAD": "ref: refs/heads/main\n",
};

const dashed = plain((arch) => `app-linux-${arch}`);

/** What each platform copies: `FROM scratch` and both platform arguments come before the lines. */
async function copied(body: string, project: Partial<StagedProject> = {}) {
  const dockerfile = `FROM scratch\nARG TARGETPLATFORM TARGETOS TARGETARCH\n${body}`;
  const staged = await stageProject({ source, binaries: dashed, ...project, dockerfile });
  return {
    amd64: await copiedFiles(staged, "linux/amd64"),
    arm64: await copiedFiles(staged, "linux/arm64"),
    staged,
  };
}

async function build(body: string, project: Partial<StagedProject> = {}) {
  const { staged } = await copied(body, project);
  return assembleRelease(staged, { client: makeClient(), sourceDateEpoch: 0 });
}

describe("a program of the source", () => {
  const own = (amd64: "amd64" | "arm64", arm64: "amd64" | "arm64"): Files => ({
    ...source,
    "dist/amd64/tool": program(amd64),
    "dist/arm64/tool": program(arm64),
  });
  const lines = "COPY dist/$TARGETARCH/tool /usr/bin/tool\nENV PATH=/bin:/usr/bin\n";

  it.each(['ENTRYPOINT ["tool"]', "CMD /usr/bin/tool", 'CMD ["/usr/bin/tool", "serve"]', ""])(
    "is started by %j on the machine that it is for",
    async (start) => {
      const built = await build(`${lines}${start}`, { source: own("amd64", "arm64") });
      expect(Object.keys(built.image)).toEqual(["linux/amd64", "linux/arm64"]);
    },
  );

  it.each(['ENTRYPOINT ["tool"]', 'CMD ["/usr/bin/tool", "serve"]'])(
    "is refused where it is for another: %j",
    async (start) => {
      const act = () => build(`${lines}${start}`, { source: own("arm64", "amd64") });
      expect(await messageThrownBy(act)).toContain(
        "for linux/amd64: expected /usr/bin/tool to be a program for amd64, got one for arm64.",
      );
    },
  );
});

describe("without a setting", () => {
  const layouts: [string, Files, string, (arch: string) => string][] = [
    [
      "GoReleaser's dist",
      goreleaser,
      "COPY hello_linux_${TARGETARCH}_v*/hello /app",
      (arch) => `/hello_linux_${arch}_v${arch === "amd64" ? "1" : "8.0"}/hello`,
    ],
    ["a matrix of builds", dashed, "COPY app-linux-${TARGETARCH} /app", (arch) => `/app-linux-${arch}`],
    [
      "downloaded artifacts",
      plain((arch) => `app_linux_${arch}/app`),
      "COPY app_${TARGETOS}_${TARGETARCH}/app /app",
      (arch) => `/app_linux_${arch}/app`,
    ],
    [
      "a directory for each platform",
      plain((arch) => `linux/${arch}/app`),
      "COPY $TARGETOS/$TARGETARCH /",
      (arch) => `/linux/${arch}/app`,
    ],
  ];

  describe.each(layouts)("%s", (_, binaries, own, path) => {
    it.each<[string, (arch: string) => Record<string, string>]>([
      ["COPY LICENSE /", () => ({ "/LICENSE": "license" })],
      ["COPY app /app", (arch) => ({ "/app": `app for ${arch}` })],
      ["COPY $TARGETPLATFORM/app /", (arch) => ({ [`/linux/${arch}/app`]: `app for ${arch}` })],
      [own, (arch) => ({ [path(arch)]: `app for ${arch}` })],
      ["COPY docker/entrypoint.sh /", () => ({ "/docker/entrypoint.sh": "#!/bin/sh\n" })],
      ["COPY config.yaml /etc/", () => ({ "/config.yaml": "of the project" })],
    ])("is where %s looks for it", async (body, expected) => {
      const { amd64, arm64, staged } = await copied(body, { binaries });
      expect([amd64, arm64]).toEqual([expected("amd64"), expected("arm64")]);
      expect(staged.targets.flatMap(({ context }) => context.remarks)).toEqual([]);
    });
  });

  it("a source alone has all that is copied", async () => {
    const { amd64, staged } = await copied("COPY LICENSE docker /x/", { binaries: undefined });
    expect(amd64).toEqual({ "/LICENSE": "license", "/docker/entrypoint.sh": "#!/bin/sh\n" });
    expect(staged.checks).toEqual([]);
  });

  it("binaries alone have all that is copied", async () => {
    const { arm64 } = await copied("COPY app checksums.txt /x/", { source: undefined });
    expect(arm64).toEqual({ "/app": "app for arm64", "/checksums.txt": "sums" });
  });

  it("everything may be copied: the source without .git, and the binaries of the platform", async () => {
    const { amd64 } = await copied("COPY . /x/");
    expect(amd64).toEqual({
      "/LICENSE": "license",
      "/app-linux-amd64": "app for amd64",
      "/config.yaml": "of the project",
      "/docker/entrypoint.sh": "#!/bin/sh\n",
      "/main.go": "package main\n",
    });
  });

  it("nothing of GoReleaser's own files is in the context", async () => {
    const { amd64 } = await copied("COPY . /x/", { binaries: goreleaser, source: {} });
    expect(Object.keys(amd64 ?? {})).toEqual(["/app"]);
  });
});

describe("the ignore file", () => {
  const body = "COPY . /x/";
  const names = (files: object | undefined) => Object.keys(files ?? {}).toSorted();
  const app = ["/app-linux-amd64"];

  it.each<[string, Files, string[]]>([
    [".dockerignore", { ".dockerignore": "*\n!LICENSE" }, ["/LICENSE"]],
    [
      "that of the Dockerfile, which comes first",
      { ".dockerignore": "*", "Dockerfile.dockerignore": "*\n!docker" },
      ["/docker/entrypoint.sh"],
    ],
  ])("%s holds for the source, and for no binary", async (_, files, expected) => {
    const { amd64 } = await copied(body, { source: { ...source, ...files } });
    expect(names(amd64)).toEqual([...expected, ...app].toSorted());
  });

  it.each(["COPY app /app", "COPY app-linux-$TARGETARCH /app", "COPY $TARGETPLATFORM/app /app"])(
    "leaves no binary out: %s",
    async (line) => {
      const { amd64 } = await copied(line, { source: { ...source, ".dockerignore": "*\napp*\nlinux" } });
      expect(Object.values(amd64 ?? {})).toEqual(["app for amd64"]);
    },
  );
});

describe("what the ignore file leaves out", () => {
  const secrets = { ".env": "TOKEN=1", "conf/.env": "TOKEN=2", "conf/app.yaml": "a: 1" };
  const project: Partial<StagedProject> = {
    source: { ...source, ...secrets, ".dockerignore": "**/.env\ndocker" },
    binaries: { ...dashed, ...source, ...secrets },
  };

  it.each([true, false])(
    "is not copied where --binaries has the source (the same directory: %j)",
    async (together) => {
      const { amd64 } = await copied("COPY conf /x/", { ...project, together });
      expect(amd64).toEqual({ "/conf/app.yaml": "a: 1" });
      for (const path of [".env", "conf/.env", "docker/entrypoint.sh"])
        expect(await messageThrownBy(() => copied(`COPY ${path} /x/`, { ...project, together }))).toContain(
          `It is in the source, and .dockerignore leaves it out: add the line !${path} there`,
        );
    },
  );

  it("is copied where only --binaries has it", async () => {
    const { amd64 } = await copied("COPY checksums.txt /x/", {
      source: { ...source, ".dockerignore": "*" },
    });
    expect(amd64).toEqual({ "/checksums.txt": "sums" });
  });
});

describe("links of the source", () => {
  const linked: Files = {
    ...source,
    "l.txt": { link: "docker/entrypoint.sh" },
    files: { link: "docker" },
    "deep/a/b.sh": "b",
    here: { link: "deep" },
  };
  it.each<[string, Record<string, string>]>([
    ["COPY l.txt /x", { "/l.txt": "#!/bin/sh\n" }],
    ["COPY files /x/", { "/files/entrypoint.sh": "#!/bin/sh\n" }],
    ["COPY files/entrypoint.sh /x/", { "/files/entrypoint.sh": "#!/bin/sh\n" }],
    ["COPY here/a/*.sh /x/", { "/here/a/b.sh": "b" }],
    ["COPY LICENSE here/a/*.sh /x/", { "/LICENSE": "license", "/here/a/b.sh": "b" }],
  ])("lead to what they name: %s", async (body, expected) => {
    expect((await copied(body, { source: linked })).amd64).toEqual(expected);
  });
});

describe("a file that both have", () => {
  const own = { ...source, app: "a script of the source" };

  it.each<[string, Partial<StagedProject>, string[]]>([
    [
      "COPY app /app",
      { source: own },
      ["The binary app of --binaries was copied, and not the file app of the source."],
    ],
    [
      "COPY . /x/",
      { source: own, binaries: goreleaser },
      ["The binary app of --binaries was copied, and not the file app of the source."],
    ],
    [
      "COPY app /app",
      { source: { ...source, "app/main.go": "package main\n" } },
      ["The binary app of --binaries was copied, and not the directory app of the source."],
    ],
    [
      "COPY app-linux-$TARGETARCH /app",
      { source: { ...source, "app-linux-amd64": "old", "app-linux-arm64": "old" } },
      [
        "The binary app-linux-amd64 of --binaries was copied, and not the file app-linux-amd64 of the source.",
        "The binary app-linux-arm64 of --binaries was copied, and not the file app-linux-arm64 of the source.",
      ],
    ],
    ["COPY $TARGETPLATFORM/app /app", { source: own }, []],
  ])("is the binary, and the report says so: %s", async (body, project, remarks) => {
    const { amd64 } = await copied(body, project);
    expect(Object.values(amd64 ?? {})).toContain("app for amd64");
    const built = await build(body, project);
    expect(built.remarks.filter((remark) => remark.startsWith("The binary"))).toEqual(remarks);
  });

  it.each<[string, string, Partial<StagedProject>, string]>([
    [
      "a binary, and a directory of the source where both are copied",
      "COPY . /x/",
      { source: { ...source, "app/main.go": "package main\n" }, binaries: goreleaser },
      'Dockerfile:3: expected one file at that path, got "the binary app of --binaries, and the directory app of the source". Leave one out: the directory by a line in Dockerfile.dockerignore, or the binary by release.binaries.names in slipway.json.',
    ],
    [
      "two files that are no binaries, and differ",
      "COPY checksums.txt /x/",
      { source: { ...source, "checksums.txt": "others" } },
      'Dockerfile:3: expected one file at that path, got "checksums.txt of the source, and another checksums.txt in --binaries". Remove one of them.',
    ],
  ])("is an error that names both: %s", async (_, body, project, message) => {
    const thrown = await errorThrownBy(() => build(body, project));
    expect(thrown).toBeInstanceOf(InputError);
    expect(String(thrown)).toBe(`InputError: ${message}`);
  });

  it("is no question where both are the same", async () => {
    const body = "COPY checksums.txt /x/";
    const { amd64 } = await copied(body, { source: { ...source, "checksums.txt": "sums" } });
    expect(amd64).toEqual({ "/checksums.txt": "sums" });
  });
});

describe("two builds with one name", () => {
  const artifact = (id: string, goarch: string) => ({
    name: "app",
    path: `dist/${id}_linux_${goarch}/app`,
    goos: "linux",
    goarch,
    type: "Binary",
    extra: { ID: id },
  });
  const ids = ["plain", "fips"];
  const binaries: Files = {
    "artifacts.json": JSON.stringify(ids.flatMap((id) => [artifact(id, "amd64"), artifact(id, "arm64")])),
    ...Object.fromEntries(
      ids.flatMap((id) =>
        (["amd64", "arm64"] as const).map((arch) => [`${id}_linux_${arch}/app`, program(arch, id)]),
      ),
    ),
  };

  it.each(["COPY app /app", "COPY $TARGETPLATFORM/app /app", "COPY . /x/", "COPY a* /x/", "COPY linux /x/"])(
    "are an error that names both: %s",
    async (body) => {
      expect(await messageThrownBy(() => build(body, { binaries }))).toBe(
        'Dockerfile:3: expected one file at that path, got "plain_linux_amd64/app (plain), and fips_linux_amd64/app (fips)". Choose the build by release.binaries.ids in slipway.json, or copy it under its own path.',
      );
    },
  );

  it("are copied under their own paths", async () => {
    const { arm64, staged } = await copied("COPY fips_linux_$TARGETARCH/app /app", { binaries });
    expect(arm64).toEqual({ "/fips_linux_arm64/app": "fips for arm64" });
    expect(new Set(staged.checks.map(({ subject }) => subject))).toEqual(
      new Set(["fips_linux_amd64/app", "fips_linux_arm64/app"]),
    );
  });

  it("are one where the settings choose", async () => {
    const { amd64 } = await copied("COPY app /app", { binaries, select: { ids: ["fips"] } });
    expect(amd64).toEqual({ "/app": "fips for amd64" });
  });
});

describe("what is not copied", () => {
  const body = "COPY app LICENSE /x/";
  it.each<[string, Partial<StagedProject>]>([
    ["of the source", { source: { ...source, "main.go": "package other\n", "new/file": "" } }],
    [
      "of the binaries",
      { binaries: { ...dashed, "checksums.txt": "other", "helper-linux-amd64": "no program" } },
    ],
    ["by the ignore file", { source: { ...source, ".dockerignore": "docker" } }],
  ])("changes no identity: %s", async (_, project) => {
    expect((await build(body, project)).image).toEqual((await build(body)).image);
  });

  it.each<[string, Partial<StagedProject>]>([
    ["of the source", { source: { ...source, LICENSE: "another" } }],
    ["of the binaries", { binaries: { ...dashed, "app-linux-arm64": program("arm64", "other") } }],
  ])("is the only thing that does not: %s", async (_, project) => {
    expect((await build(body, project)).image).not.toEqual((await build(body)).image);
  });
});

describe("binaries that lie in the source", () => {
  it.each(["COPY app /app", "COPY app-linux-$TARGETARCH /app", "COPY . /x/"])(
    "are what they are elsewhere: %s",
    async (body) => {
      const together = { source, binaries: dashed, together: true };
      const { amd64 } = await copied(body, together);
      expect(Object.values(amd64 ?? {})).toContain("app for amd64");
      const built = await build(body, together);
      expect(built.remarks.filter((remark) => remark.startsWith("The binary"))).toEqual([]);
      if (!body.includes(" . ")) expect(built.image).toEqual((await build(body)).image);
    },
  );
});

describe("a source that is not there", () => {
  const pass = "If it is built, pass its directory as --binaries";
  const there = "app, which COPY takes as app or linux/amd64/app or app-linux-amd64";
  it.each<[string, string, Partial<StagedProject>, string]>([
    [
      "a binary of another platform only",
      "COPY app /",
      { binaries: { "app-linux-arm64": program("arm64"), "app-darwin-arm64": "mach" } },
      "In --binaries it is built for darwin/arm64, linux/arm64, and not for linux/amd64: build it for that, or leave linux/amd64 out of release.platforms. The source has LICENSE, config.yaml, docker, main.go.",
    ],
    [
      "a path of a binary of another platform",
      "COPY app-linux-arm64 /",
      {},
      "In --binaries it is built for linux/arm64, and not for linux/amd64: COPY takes that of each platform as app or $TARGETPLATFORM/app. The source has LICENSE, app-linux-amd64, config.yaml, docker, main.go.",
    ],
    [
      "a binary that is listed, and lost",
      "COPY app /",
      {
        binaries: Object.fromEntries(Object.entries(goreleaser).filter(([path]) => !path.includes("amd64"))),
      },
      "hello_linux_amd64_v1/hello is listed in artifacts.json of --binaries, and is not there. The source has LICENSE, config.yaml, docker, main.go.",
    ],
    [
      "another name, where the only binary is lost",
      "COPY application /",
      {
        binaries: Object.fromEntries(Object.entries(goreleaser).filter(([path]) => !path.includes("amd64"))),
      },
      "hello_linux_amd64_v1/hello is listed in artifacts.json of --binaries, and is not there. The source has LICENSE, config.yaml, docker, main.go.",
    ],
    [
      "another name than the binary has",
      "COPY application /",
      {},
      `--binaries has for linux/amd64 ${there}. The source has LICENSE, app-linux-amd64, config.yaml, docker, main.go.`,
    ],
    [
      "a binary that the names of the settings leave out",
      "COPY app /",
      { select: { names: ["ap"] } },
      "Names or ids of release.binaries in slipway.json leave out all that --binaries has for linux/amd64: app-linux-amd64. The source has LICENSE, config.yaml, docker, main.go.",
    ],
    ["a name in another case", "COPY license /", {}, "There is LICENSE."],
    [
      "a link that leads out of the source",
      "COPY out /",
      { source: { ...source, out: { link: "../../etc/passwd" } }, binaries: undefined },
      "It is a link to ../../etc/passwd, where the build context has nothing.",
    ],
    [
      "a file that is ignored",
      "COPY docker/entrypoint.sh /",
      { source: { ...source, ".dockerignore": "docker" }, binaries: undefined },
      `It is in the source, and .dockerignore leaves it out: add the line !docker/entrypoint.sh there, or write Dockerfile.dockerignore, which is read in its place.`,
    ],
    [
      "a file that the Dockerfile's own file ignores",
      "COPY LICENSE /",
      { source: { LICENSE: "l", "Dockerfile.dockerignore": "L*" }, binaries: undefined },
      `It is in the source, and Dockerfile.dockerignore leaves it out: add the line !LICENSE there.`,
    ],
    [
      "no --binaries",
      "COPY app /",
      { binaries: undefined },
      `${pass}. The source has LICENSE, config.yaml, docker, main.go.`,
    ],
    ["neither source nor binaries", "COPY app /", { source: undefined, binaries: undefined }, `${pass}.`],
    [
      "binaries without a name that says their platform",
      "COPY app /",
      { binaries: { hello: "x" } },
      "In --binaries no file has a name that says its platform, as app-linux-amd64 and linux/amd64/app do; it holds hello. The source has LICENSE, config.yaml, docker, main.go.",
    ],
    [
      "a file of a directory that is there",
      "COPY docker/start.sh /",
      { binaries: undefined },
      `${pass}. docker has entrypoint.sh.`,
    ],
  ])("is explained: %s", async (_, line, project, fix) => {
    const [, path] = line.split(" ");
    expect(await messageThrownBy(() => build(line, project))).toBe(
      `Dockerfile:3: expected ${path} to be in the build context, got "${line}". ${fix}`,
    );
  });
});

describe("Slipway's own Dockerfile", () => {
  const expected =
    "--binaries: expected one binary, since the source has no Dockerfile and Slipway's own copies one, got";
  const pass = "Pass the directory of what was built, as in --binaries dist, or write a Dockerfile.";
  it.each<[string, Files | undefined, string]>([
    ["no --binaries", undefined, `nothing. ${pass}`],
    ["an empty directory", {}, `"it holds no file". ${pass}`],
    [
      "a binary for another platform",
      { "app-darwin-arm64": "mach" },
      `"nothing is built for linux/amd64, linux/arm64, only for darwin/arm64". ${pass}`,
    ],
    [
      "two binaries",
      { "app-linux-amd64": program("amd64"), "tool-linux-amd64": program("amd64") },
      '"app, tool". Choose it with release.binaries.names in slipway.json, or write a Dockerfile for all.',
    ],
  ])("asks for one binary where there is %s", async (_, binaries, given) => {
    const project = { dockerfile: "FROM scratch", from: "module", source: {}, binaries } as const;
    expect(await messageThrownBy(() => stageProject(project))).toBe(`${expected} ${given}`);
  });
});

describe("permissions that are not kept", () => {
  const sentence = "Of the permissions in the build context only whether a file can be executed is kept: ";
  const fix = ". Set others by COPY --chmod.";
  const files: Files = {
    plain: { mode: 0o664 },
    private: { mode: 0o600 },
    program: { mode: 0o775 },
    "set/user": { mode: 0o4755 },
    "set/secret": { mode: 0o400 },
  };

  it.each([
    ["COPY plain private program /x/", []],
    ["COPY --chmod=0400 set /x/", []],
    ["COPY set/user /x/", [`${sentence}set/user has 4755 and gets 0755${fix}`]],
    ["COPY set /x/", [`${sentence}set/secret has 0400 and gets 0644, set/user has 4755 and gets 0755${fix}`]],
  ])("are a remark where they are copied: %s", async (line, expected) => {
    const { remarks } = await build(line, { source: undefined, binaries: files });
    expect(remarks.filter((remark) => remark.includes("permissions"))).toEqual(expected);
  });

  it("are those of a directory as well", async () => {
    const project = makeTemporaryDirectory();
    await writeFiles(project.path, { "tmp/a": "", "tmp/b": { mode: 0o444 } });
    await chmod(join(project.path, "tmp"), 0o1777);
    const context = openContext(project.path);
    const dockerfile = parseDockerfile("FROM scratch\nCOPY tmp /tmp", "Dockerfile");
    const target = { platform: parsePlatform("linux/amd64"), buildArgs: {} };
    expect(permissionRemark(surveyDockerfile(dockerfile, target), context)).toBe(
      `${sentence}tmp has 1777 and gets 0755, tmp/b has 0444 and gets 0644${fix}`,
    );
    await project.remove();
  });
});

describe("a remark, whoever builds the image,", () => {
  const ignored: Partial<StagedProject> = {
    source: { ...source, app: "of the source" },
    binaries: plain((arch) => `linux/${arch}/app`),
  };
  const cases: [string, string, Partial<StagedProject>, RegExp[]][] = [
    [
      "is an ARG without a value that ends in a label",
      "ARG COMMIT\nLABEL revision=$COMMIT\nCOPY LICENSE /",
      {},
      [/^ARG COMMIT has no value, so the label revision is empty\.$/],
    ],
    ["is a binary in the place of a file", "COPY app /", ignored, [/^The binary .*app/]],
    [
      "is what permissions are dropped",
      "COPY set /",
      { source: undefined, binaries: { "set/user": { mode: 0o4755 } } },
      [/set\/user has 4755 and gets 0755/],
    ],
    ["is nothing where there is nothing to know", "COPY LICENSE /", {}, []],
  ];

  it.each(cases)("%s", async (_, body, project, expected) => {
    const { staged } = await copied(body, project);
    const assembled = await assembleRelease(staged, { client: makeClient(), sourceDateEpoch: 0 });
    // FROM scratch alone: no engine is asked before the build.
    const planned = await planEngineBuild({} as Project, describeRelease(), staged, 0);
    const [reason, ...others] = planned.remarks;
    expect(reason).toMatch(/^The engine builds it/);
    expect(others).toEqual(assembled.remarks);
    const own = others.filter((remark) => !remark.includes("not checked"));
    expect(own).toEqual(expected.map((pattern) => expect.stringMatching(pattern)));
  });
});

function describeRelease(): ReleaseDescription {
  const { release: settings } = parseSettings("{}");
  return { settings, trigger: readRef("refs/heads/main", { mainBranch: "main", preRelease: true }) };
}
