import { describe, expect, it } from "vitest";
import { VerificationError } from "../../src/errors.js";
import { type Files, program, type StagedProject, stageProject } from "../support/staged-release.js";
import { errorThrownBy } from "../support/thrown.js";
import { dynamicProgram } from "../support/tiny-program.js";

const app: Files = { "app-linux-amd64": program("amd64"), "app-linux-arm64": program("arm64") };
const helper: Files = { "helper-linux-amd64": program("amd64"), "helper-linux-arm64": program("arm64") };

async function check(body: string, binaries: Files, project: Partial<StagedProject> = {}, base = "scratch") {
  const dockerfile = `FROM ${base}\nARG TARGETARCH\n${body}`;
  const { checks } = await stageProject({ source: { LICENSE: "l" }, ...project, binaries, dockerfile });
  return checks;
}

describe("the binaries that are checked", () => {
  const both = ["linux/amd64/app", "linux/arm64/app"];
  const all = [...both, "linux/amd64/helper", "linux/arm64/helper"];
  it.each<[string, string, Files, string[], string?]>([
    ["are those that are copied", "COPY app /", { ...app, ...helper }, both],
    ["once, however often they are copied", "COPY app /a\nCOPY app-linux-$TARGETARCH /b", app, both],
    ["are none where none is copied", "COPY LICENSE /", { ...app, "app-linux-amd64": "no program" }, []],
    [
      "are none that nobody copies",
      "COPY app /",
      { ...app, "helper-linux-amd64": "no program", "tool-linux-arm64": "none either" },
      both,
    ],
    ["are all where all are copied", "COPY . /x/", { ...app, ...helper }, all],
    [
      "are those that a stage copies",
      "COPY app /\nFROM scratch\nCOPY --from=0 /app /",
      { ...app, ...helper },
      both,
    ],
    [
      "are none of a stage that nothing needs",
      "COPY helper /\nFROM scratch\nCOPY app /",
      { ...app, "helper-linux-amd64": "" },
      both,
    ],
    [
      "are those that RUN mounts",
      "RUN --mount=source=app,target=/app /app",
      { ...app, ...helper },
      both,
      "alpine",
    ],
    ["are all where only the base knows", "COPY $WHAT /x/", { ...app, ...helper }, all, "alpine"],
    ["are all where Slipway interprets nothing", "COPY --parents app /", { ...app, ...helper }, all],
  ])("%s", async (_, body, binaries, expected, base) => {
    const checks = await check(body, binaries, {}, base);
    expect([...new Set(checks.map(({ subject }) => subject))].toSorted()).toEqual(expected.toSorted());
  });

  it("are those of the settings where nothing says what is copied", async () => {
    const checks = await check("COPY --parents app /", { ...app, ...helper }, { select: { names: ["app"] } });
    expect(new Set(checks.map(({ subject }) => subject))).toEqual(new Set(both));
  });
});

describe("a set that is not whole", () => {
  const partial = { ...app, "helper-linux-amd64": program("amd64") };
  it.each<[string, string, Files, RegExp]>([
    [
      "of what is copied",
      "COPY LICENSE helper* /x/",
      partial,
      /^--binaries: the binaries are no whole set for linux\/amd64, linux\/arm64\.\n- linux\/arm64: no helper; it is there for linux\/amd64\n/,
    ],
    ["of everything", "COPY . /x/", partial, /\n- linux\/arm64: no helper; it is there for linux\/amd64\n/],
    [
      "of what only a builder knows",
      "COPY --parents app /",
      partial,
      /\n- linux\/arm64: no helper; it is there for linux\/amd64\n/,
    ],
    [
      "whose programs are for other machines",
      "COPY app /",
      { ...app, "app-linux-arm64": program("amd64") },
      /^linux\/arm64\/app: machine: expected an ELF program for arm64, got amd64\./,
    ],
  ])("is an error: %s", async (_, body, binaries, message) => {
    const thrown = await errorThrownBy(() => check(body, binaries));
    expect(thrown).toBeInstanceOf(VerificationError);
    expect(String(thrown).replace("VerificationError: ", "")).toMatch(message);
  });

  it("is none where the rest is copied", async () => {
    await expect(check("COPY app /", partial)).resolves.toHaveLength(6);
  });
});

describe("the C library", () => {
  const loader = "/lib/ld-musl-x86_64.so.1";
  const binaries: Files = {
    ...app,
    "app-linux-amd64": { content: dynamicProgram("amd64", loader), mode: 0o755 },
  };
  it.each<[string, string, string, string, boolean | undefined]>([
    ["the base", "alpine:3.23", "COPY app /", "static, or for the musl of alpine:3.23", true],
    [
      "the base of the last stage, through others",
      "alpine:3.23 AS a\nFROM a",
      "COPY app /",
      "static, or for the musl of alpine:3.23",
      true,
    ],
    [
      "no base where the engine may bring it",
      "scratch",
      "COPY app /\nRUN true",
      "a program that runs in the image that the engine builds",
      undefined,
    ],
  ])("is that of %s", async (_, base, body, expected, holds) => {
    const checks = await check(body, binaries, {}, base);
    expect(
      checks.find(({ subject, check: kind }) => subject === "linux/amd64/app" && kind === "libc"),
    ).toMatchObject({
      expected,
      holds,
    });
  });
});

describe("what GoReleaser built", () => {
  const dist: Files = {
    "artifacts.json": JSON.stringify(
      ["amd64", "arm64"].map((goarch) => ({
        name: "app",
        path: `dist/app_linux_${goarch}/app`,
        goos: "linux",
        goarch,
        type: "Binary",
        extra: {},
      })),
    ),
    "metadata.json": JSON.stringify({ version: "1.2.3" }),
    "app_linux_amd64/app": program("amd64"),
    "app_linux_arm64/app": program("arm64"),
  };

  it("has to be the version, where it is copied", async () => {
    const thrown = await errorThrownBy(() => check("COPY app /", dist, { ref: "refs/tags/v1.2.4" }));
    expect(String(thrown)).toMatch(/metadata\.json: version: expected 1\.2\.4, got 1\.2\.3\./);
  });

  it("may be any version where it is not", async () => {
    expect(await check("COPY LICENSE /", dist, { ref: "refs/tags/v1.2.4" })).toEqual([]);
  });
});
