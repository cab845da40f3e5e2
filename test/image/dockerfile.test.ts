// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Dockerfiles write variables like this.
import { describe, expect, it } from "vitest";
import { InputError } from "../../src/errors.js";
import { parseDockerfile, summarizeDockerfile } from "../../src/image/dockerfile.js";

describe("summarizeDockerfile", () => {
  it.each([
    ["FROM scratch", { args: new Map(), env: new Set(), layers: [], base: "scratch" }],
    [
      "ARG BASE=alpine:3\nFROM ${BASE}\nARG VERSION\nARG BASE\nARG MODE=a\nARG MODE=b\nENV PORT=1\nRUN true",
      {
        args: new Map([
          ["BASE", "alpine:3"],
          ["VERSION", undefined],
          ["MODE", "a"],
        ]),
        env: new Set(["PORT"]),
        layers: ["RUN true"],
        base: "${BASE}",
      },
    ],
    ["# nothing", { args: new Map(), env: new Set(), layers: [], base: "" }],
  ])("%j", (text, expected) => {
    expect(summarizeDockerfile(text)).toEqual(expected);
  });
});

describe("parseDockerfile", () => {
  it("splits at FROM", () => {
    const dockerfile = parseDockerfile("ARG A=1\nFROM scratch\nCOPY a /\nUSER 1", "Dockerfile");
    expect(dockerfile.globals.map(({ text }) => text)).toEqual(["ARG A=1"]);
    expect(dockerfile.from.text).toBe("FROM scratch");
    expect(dockerfile.body.map(({ text }) => text)).toEqual(["COPY a /", "USER 1"]);
  });

  const engine = "Build it with --builder engine.";
  it.each([
    [
      "FROM a\n\nRUN apk add \\\n  curl",
      `Dockerfile.release:3: expected instructions that copy files or describe the image, got "RUN apk add   curl". ${engine}`,
    ],
    [
      "FROM a AS b\nUSER 1\nFROM scratch",
      `Dockerfile.release:3: expected one stage, got "FROM scratch". ${engine}`,
    ],
    [
      "FROM a\nONBUILD COPY b /",
      `Dockerfile.release:2: expected an image without triggers for other builds, got "ONBUILD COPY b /". ${engine}`,
    ],
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
