import { describe, expect, it } from "vitest";
import type { BuildTarget } from "../../src/dockerfile/build-arguments.js";
import { parseDockerfile } from "../../src/dockerfile/dockerfile.js";
import { imagesOf, neededStages, type Origin } from "../../src/dockerfile/stages.js";
import { InputError } from "../../src/errors.js";
import { formatPlatform, parsePlatform } from "../../src/oci/platform.js";

type Given = Partial<Omit<BuildTarget, "platform">> & { platform?: string };

const targetOf = ({ platform = "linux/amd64", buildArgs = {}, ...rest }: Given): BuildTarget => ({
  platform: parsePlatform(platform),
  buildArgs,
  ...rest,
});

function show(origin: Origin): string {
  if (origin.kind === "stage") return `stage ${origin.index}`;
  return origin.kind === "image" ? origin.reference : "scratch";
}

/** The needed stages, a line each: `0 on alpine`, `1* on stage 0` for what the image is or starts from. */
function listStages(text: string, given: Given = {}): string[] {
  const stages = neededStages(parseDockerfile(text, "Dockerfile"), targetOf(given));
  return stages.map(({ index, inImage, base }) => `${index}${inImage ? "*" : ""} on ${show(base)}`);
}

describe("neededStages", () => {
  it.each<[string, string, string[], Given?]>([
    ["one stage", "FROM alpine", ["0* on alpine"]],
    ["no stage that nothing needs", "FROM golang AS build\nRUN go build\nFROM scratch", ["1* on scratch"]],
    [
      "no stage that only such a stage needs",
      "FROM a AS x\nFROM b AS y\nCOPY --from=x /f /\nFROM scratch",
      ["2* on scratch"],
    ],
    [
      "a stage that files are copied from",
      "FROM a AS x\nFROM scratch\nCOPY --from=x /f /",
      ["0 on a", "1* on scratch"],
    ],
    [
      "a stage under its name in any case",
      "FROM a AS Files\nFROM scratch\nCOPY --from=FILES /f /",
      ["0 on a", "1* on scratch"],
    ],
    ["FROM under a name in any case", "FROM a AS Files\nFROM fILES", ["0* on a", "1* on stage 0"]],
    ["a stage by its place", "FROM a\nFROM b\nFROM scratch\nCOPY --from=1 /f /", ["1 on b", "2* on scratch"]],
    ["a stage that the image starts from", "FROM a AS x\nFROM x", ["0* on a", "1* on stage 0"]],
    [
      "what the image starts from, though files are copied from it as well",
      "FROM a AS x\nFROM x AS y\nCOPY --from=x /f /\nFROM y\nCOPY --from=x /f /",
      ["0* on a", "1* on stage 0", "2* on stage 1"],
    ],
    [
      "a stage that a stage starts from which files are copied from",
      "FROM a AS x\nFROM x AS y\nFROM scratch\nCOPY --from=y /f /",
      ["0 on a", "1 on stage 0", "2* on scratch"],
    ],
    [
      "the last of two stages with one name",
      "FROM a AS x\nFROM b AS x\nFROM x",
      ["1* on b", "2* on stage 1"],
    ],
    ["an image that has the name of its own stage", "FROM alpine AS alpine", ["0* on alpine"]],
    [
      "an image that has the name of a later stage",
      "FROM late\nFROM scratch AS late\nCOPY --from=0 /f /",
      ["0 on late", "1* on scratch"],
    ],
    [
      "a stage that a build argument names",
      "ARG KIND=small\nFROM a AS small\nFROM b AS large\nFROM $KIND",
      ["1* on b", "2* on stage 1"],
      { buildArgs: { KIND: "large" } },
    ],
    [
      "a stage that RUN mounts, a cache that starts from one included",
      "FROM a AS x\nFROM b AS y\nFROM c\nRUN --mount=from=x,target=/x --mount=type=cache,from=y,target=/y true",
      ["0 on a", "1 on b", "2* on c"],
    ],
    [
      "an engine's heredoc as one instruction",
      "FROM a AS x\nFROM b\nRUN <<EOF\nFROM x\nCOPY --from=x a b\nEOF",
      ["1* on b"],
    ],
    ["the stage that is asked for", "FROM a AS x\nFROM b AS y\nFROM y", ["0* on a"], { stage: "x" }],
    ["the stage that is asked for, in any case", "FROM a AS Ci\nFROM b", ["0* on a"], { stage: "cI" }],
  ])("are %s", (_, text, expected, given = {}) => {
    expect(listStages(text, given)).toEqual(expected);
  });

  const earlier = "expected --from with an earlier stage, of which there are 1";
  it.each<[string, Given, string]>([
    [
      "FROM a AS x\nFROM scratch\nCOPY --from=$X /f /",
      {},
      'Dockerfile:3: expected --from without variables, as in BuildKit, got "COPY --from=$X /f /". Name a stage: FROM may have variables, as in FROM $IMAGE AS files.',
    ],
    [
      "FROM a AS x\nFROM scratch\nRUN --mount=from=$X,target=/x true",
      {},
      "Dockerfile:3: expected --from without variables, as in BuildKit",
    ],
    ["FROM a\nFROM scratch\nCOPY --from=2 /f /", {}, `Dockerfile:3: ${earlier}, got "COPY --from=2 /f /".`],
    ["FROM a\nFROM scratch\nCOPY --from=1 /f /", {}, `Dockerfile:3: ${earlier}`],
    [
      "FROM a AS x\nFROM b\nFROM c AS y",
      { stage: "z" },
      'Dockerfile: target: expected one of the stages x, y, got "z".',
    ],
    [
      "FROM a\nFROM b",
      { stage: "z" },
      'Dockerfile: target: expected none, since no stage has a name, got "z".',
    ],
    [
      "FROM --platform=linux/arm64 a AS x\nFROM x",
      {},
      'Dockerfile:1: expected the platform linux/amd64, got "FROM --platform=linux/arm64 a AS x". Remove --platform: each platform takes its own base.',
    ],
    ["FROM SCRATCH", {}, 'Dockerfile:1: expected scratch in lower case, got "FROM SCRATCH". Write scratch,'],
    ["FROM a\nCOPY --from=Scratch /f /", {}, "Dockerfile:2: expected scratch in lower case"],
    ["FROM --platform=$NOTHING a", {}, "Dockerfile:1: expected a platform after --platform="],
    ["FROM --platform=arm64 a", {}, "Dockerfile:1: expected os/architecture, as in linux/amd64"],
  ])("refuse %j with %j", (text, given, message) => {
    expect(() => listStages(text, given)).toThrow(InputError);
    expect(() => listStages(text, given)).toThrow(message);
  });

  it("read nothing of a stage that nothing needs", () => {
    const text = "FROM $NOTHING AS x\nFROM a AS y\nCOPY --from=$X /f /\nCOPY --from=9 /f /\nFROM scratch";
    expect(listStages(text)).toEqual(["2* on scratch"]);
  });
});

describe("imagesOf", () => {
  it.each<[string, string, string[], Given?]>([
    ["none", "FROM scratch", []],
    ["none of stages that nothing needs", "FROM a AS x\nCOPY --from=b /f /\nFROM scratch", []],
    ["bases", "FROM a AS x\nFROM b\nCOPY --from=x /f /", ["a linux/amd64", "b linux/amd64"]],
    [
      "what COPY and RUN take files from, scratch excepted",
      "FROM scratch\nCOPY --from=gcr.io/distroless/static:nonroot /etc/passwd /etc/\nCOPY --from=scratch / /\nRUN --mount=type=bind,from=tools:1,target=/t true",
      ["gcr.io/distroless/static:nonroot linux/amd64", "tools:1 linux/amd64"],
    ],
    ["each once", "FROM a AS x\nFROM a\nCOPY --from=a /f /\nCOPY --from=x /f /", ["a linux/amd64"]],
    [
      "each once for a platform",
      "FROM --platform=linux/amd64 a AS x\nFROM a\nCOPY --from=x /f /",
      ["a linux/amd64", "a linux/arm64"],
      { platform: "linux/arm64" },
    ],
    [
      "those of the platform that is built for, where FROM asks for that of the machine",
      "FROM --platform=$BUILDPLATFORM a AS x\nFROM scratch\nCOPY --from=x /f /\nCOPY --from=b /f /",
      ["a linux/arm/v7", "b linux/arm/v7"],
      { platform: "linux/arm/v7" },
    ],
  ])("are %s", (_, text, expected, given = {}) => {
    const images = imagesOf(parseDockerfile(text, "Dockerfile"), targetOf(given));
    expect(images.map(({ reference, platform }) => `${reference} ${formatPlatform(platform)}`)).toEqual(
      expected,
    );
  });
});
