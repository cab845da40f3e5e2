import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseDockerfile, summarizeDockerfile } from "../../src/dockerfile/dockerfile.js";
import { surveyDockerfile } from "../../src/dockerfile/survey.js";
import { InputError } from "../../src/errors.js";
import { parsePlatform } from "../../src/oci/platform.js";

describe("summarizeDockerfile", () => {
  it("reads Dockerfile.ci", () => {
    const text = readFileSync("Dockerfile.ci", "utf8");
    const { args, layers, bases, stages } = summarizeDockerfile(text);
    expect(args.get("MISE_VERSION")).toMatch(/^\d+\.\d+\.\d+$/);
    expect(args.get("APK_REPOSITORIES")).toBe("");
    expect(args.has("GOPROXY") && args.get("GOPROXY")).toBeUndefined();
    const words = (instructions: readonly string[]) => instructions.map((layer) => layer.split(" ")[0]);
    expect(words(layers)).toEqual(["RUN", "WORKDIR"]);
    expect(words(summarizeDockerfile(text, {}, "full").layers)).toEqual([
      ...["RUN", "RUN", "RUN", "RUN"],
      ...["RUN", "WORKDIR"],
    ]);
    expect(stages).toEqual(["tool-versions", "base", "mise", "tools", "tool", "full", "slim"]);
    expect(bases).toEqual([expect.stringMatching(/^golang:1\.25\.5-alpine3\.23@sha256:[0-9a-f]{64}$/)]);
  });

  it("keeps what a stage inherits once, however many stages start from it", () => {
    const declared = Array.from({ length: 20 }, () => `ARG${" a".repeat(22_000)}\n`).join("");
    const stages = Array.from({ length: 990 }, (_, at) => `FROM s${at} AS s${at + 1}\nARG b${at}\nRUN x\n`);
    const text = `FROM image AS s0\n${declared}ARG c\nENV c=x\n${stages.join("")}`;
    const { base, transientArgs, layers } = summarizeDockerfile(text);
    expect([base, transientArgs.length, layers.length]).toEqual(["image", 991, 990]);
    expect([transientArgs[0], transientArgs.at(-1)]).toEqual(["a", "b989"]);
  });

  it("refuses more options than any Dockerfile has, before it looks for what they name", () => {
    const mounts = Array.from({ length: 200 }, () => " --mount=from=y".repeat(300)).join(" \\\n");
    const text = `FROM x\nRUN${mounts} x\n`;
    const refusal = "expected a Dockerfile of at most 10000 words that begin with --, got 60000";
    expect(() => summarizeDockerfile(text)).toThrow(refusal);
    expect(() => parseDockerfile(text, "Dockerfile")).toThrow(refusal);
  });

  it.each<[string, string, Record<string, string>, string[]]>([
    ["a plain image", "FROM golang:1", {}, ["golang:1"]],
    ["the default of an argument", "ARG GO=1.25\nFROM golang:$" + "{GO}-alpine", {}, ["golang:1.25-alpine"]],
    ["a given argument", "ARG GO=1.25\nFROM golang:$GO", { GO: "1.26" }, ["golang:1.26"]],
    ["several stages", "FROM golang:1 AS build\nFROM alpine:3", {}, ["golang:1", "alpine:3"]],
    ["no earlier stage", "FROM golang:1 AS build\nFROM build", {}, ["golang:1"]],
    ["no scratch", "FROM golang:1 AS build\nFROM scratch", {}, ["golang:1"]],
    ["nothing without FROM", "# empty", {}, []],
  ])("takes as base: %s", (_, text, given, bases) => {
    expect(summarizeDockerfile(text, given).bases).toEqual(bases);
  });

  it("takes every argument of an ARG, the first default of several, and quotes off", () => {
    const { args } = summarizeDockerfile("ARG A=1 B\nARG C='x y'\nFROM a\nARG A=2\n");
    expect([...args]).toEqual([
      ["A", "1"],
      ["B", undefined],
      ["C", "x y"],
    ]);
  });

  it.each(["constructor", "toString", "__proto__"])("takes %s as the name of an argument", (name) => {
    const text = `ARG ${name}=a\nFROM $${name}`;
    expect(summarizeDockerfile(text).bases).toEqual(["a"]);
    expect(summarizeDockerfile(text, JSON.parse(`{"${name}": "b"}`)).bases).toEqual(["b"]);
  });

  it.each<[string, string | undefined, string[]]>([
    ["the last stage and what it starts from", undefined, ["RUN x", "COPY y z"]],
    ["another stage", "B", ["RUN x"]],
    ["a stage on nothing", "c", ["ADD v w"]],
  ])("takes the layers of %s", (_, target, expected) => {
    const text = "FROM a AS b\nRUN x\nFROM scratch AS c\nADD v w\nFROM b\nCOPY y z\nCMD w\n";
    expect(summarizeDockerfile(text, {}, target).layers).toEqual(expected);
  });

  it.each<[string, string, string, string[]]>([
    ["one stage", "FROM a\nARG P=1 Q\nRUN x", "a", ["P", "Q"]],
    ["what ENV sets, which stays", "FROM a\nARG P\nARG Q\nENV P=$P", "a", ["Q"]],
    ["ARG before FROM, which no RUN sees", "ARG P=a\nFROM $P\nARG Q", "a", ["Q"]],
    ["another stage", "FROM a AS b\nARG P\nENV Q=1\nFROM scratch\nARG Q", "scratch", ["Q"]],
    ["an earlier stage, by any case", "FROM a AS B\nARG P\nENV Q=1\nFROM b\nARG Q R", "a", ["P", "R"]],
    ["a stage on a stage on nothing", "FROM scratch AS a\nFROM a AS b\nARG P\nFROM b", "scratch", ["P"]],
    ["nothing", "ARG P", "", []],
  ])("follows the last stage to its base: %s", (_, text, base, transientArgs) => {
    expect(summarizeDockerfile(text)).toMatchObject({ base, transientArgs });
  });
});

describe("parseDockerfile", () => {
  it("splits at FROM", () => {
    const dockerfile = parseDockerfile(
      "ARG A=1\nFROM golang AS Build\nRUN go build\nFROM scratch\nCOPY a /\nUSER 1",
      "Dockerfile",
    );
    expect(dockerfile.globals.map(({ text }) => text)).toEqual(["ARG A=1"]);
    expect(
      dockerfile.stages.map(({ name, from, body }) => [name, from.text, ...body.map(({ text }) => text)]),
    ).toEqual([
      ["build", "FROM golang AS Build", "RUN go build"],
      [undefined, "FROM scratch", "COPY a /", "USER 1"],
    ]);
  });

  it.each([
    [
      "FROM a\nCOPPY b /",
      'Dockerfile.release:2: expected an instruction of the Dockerfile reference, got "COPPY b /".',
    ],
    [
      "FROM a\n\\\nUSER 1",
      "Dockerfile.release:2: expected at most one \\ at the end of a line, and no other right before it",
    ],
    ["ENV A=1\nFROM a", 'Dockerfile.release:1: expected only ARG before FROM, got "ENV A=1".'],
    ["USER 1", 'Dockerfile.release: expected a FROM instruction, got "none".'],
    ["", 'Dockerfile.release: expected a FROM instruction, got "none".'],
  ])("refuses %j", (text, message) => {
    const act = () => parseDockerfile(text, "Dockerfile.release");
    expect(act).toThrow(InputError);
    expect(act).toThrow(message);
  });
});

describe("a Dockerfile that is too large", () => {
  it.each([
    ["stages", "a Dockerfile of at most 1000 stages", "FROM scratch\n".repeat(1001)],
    [
      "instructions",
      "a Dockerfile of at most 10000 instructions",
      `FROM scratch\n${"USER 1\n".repeat(10_000)}`,
    ],
    ["characters", "a Dockerfile of at most 1048576 characters", `FROM scratch\n${"#\n".repeat(1 << 19)}`],
  ])("is refused for its %s", (_, message, text) => {
    for (const act of [() => parseDockerfile(text, "Dockerfile"), () => summarizeDockerfile(text)]) {
      expect(act).toThrow(InputError);
      expect(act).toThrow(message);
    }
  });
});

describe("Dockerfile.release", () => {
  const text = readFileSync(new URL("../../Dockerfile.release", import.meta.url), "utf8");

  it.each([
    "linux/amd64",
    "linux/arm64",
    "linux/arm/v5",
    "linux/arm/v6",
    "linux/arm/v7",
    "linux/386",
    "linux/ppc64le",
    "linux/riscv64",
    "linux/loong64",
    "linux/s390x",
  ])("copies the binary of %s from where it is laid", (platform) => {
    const target = { platform: parsePlatform(platform), buildArgs: { NAME: "hello" } };
    const { copies } = surveyDockerfile(parseDockerfile(text, "Dockerfile.release"), target);
    expect(copies.flatMap(({ copy }) => copy.sources)).toEqual([`/${platform}/hello`]);
  });
});
