import { describe, expect, it } from "vitest";
import { BuilderNeededError, InputError } from "../../src/errors.js";
import { parsePlatform } from "../../src/oci/platform.js";
import { interpret } from "../../src/release/interpretation.js";

const targets = ["linux/amd64", "linux/arm64"].map((platform) => ({
  platform: parsePlatform(platform),
  buildArgs: {},
}));
const read = (text: string) => interpret({ path: "Containerfile", text }, targets);
const way = "Build that image with --builder Auto or Engine.";

describe("interpret", () => {
  it.each([
    ["nothing that runs", "FROM alpine\nCOPY a /\nUSER $FROM_THE_BASE"],
    ["a RUN of a stage that nothing needs", "FROM golang\nRUN go build\nFROM scratch\nCOPY a /"],
    ["a syntax of Docker's own", "# syntax=docker/dockerfile:1\nFROM scratch\nCOPY a /"],
  ])("needs no builder for %s", (_, text) => {
    const { builderNeeded, dockerfile, targets: interpreted } = read(text);
    expect(builderNeeded).toBeUndefined();
    expect(dockerfile?.name).toBe("Containerfile");
    expect(interpreted.map(({ target, survey }) => [target, survey?.copies.length])).toEqual(
      targets.map((target) => [target, 1]),
    );
  });

  const commands = "expected instructions that copy files or describe the image";
  it.each([
    ["FROM alpine\nCOPY a /\nRUN b\nRUN c", `Containerfile:3: ${commands}, got "RUN b". ${way}`],
    ["FROM a AS s\nRUN b\nFROM s\nCOPY a /", `Containerfile:2: ${commands}, got "RUN b". ${way}`],
    ["FROM a\nRUN b\nFROM scratch\nCOPY --from=0 /c /\nCOPY a /", `Containerfile:2: ${commands}`],
    [
      "FROM scratch\nARG TARGETARCH\nCOPY a /\nRUN --mount=from=busybox,target=/b /b/sh",
      `Containerfile:4: ${commands}`,
    ],
  ])("says which line takes a builder, and what is copied all the same: %j", (text, message) => {
    const { builderNeeded, dockerfile, targets: interpreted } = read(text);
    expect(builderNeeded).toBeInstanceOf(BuilderNeededError);
    expect(builderNeeded?.message).toContain(message);
    expect(dockerfile).toBeDefined();
    expect(interpreted.map(({ survey }) => survey?.copies.length)).toEqual([1, 1]);
  });

  it.each([
    [
      "# syntax=example.test/frontend\nFROM a",
      `Containerfile: expected the syntax of docker/dockerfile, got "# syntax=example.test/frontend". ${way}`,
    ],
    ["FROM a\nADD https://example.test/x /", "Containerfile:2: expected sources in the build context"],
    ["FROM a\nCOPY --parents a /", "Containerfile:2: expected COPY without --parents"],
    ["FROM a\nONBUILD RUN b", "Containerfile:2: expected an image without triggers for other builds"],
  ])("leaves what it does not interpret to the builder: %j", (text, message) => {
    const { builderNeeded, dockerfile, targets: interpreted } = read(text);
    expect(builderNeeded?.message).toContain(message);
    expect(dockerfile).toBeUndefined();
    expect(interpreted).toEqual(targets.map((target) => ({ target })));
  });

  it.each([
    ["FROM a\nCOPPY b /", "Containerfile:2: expected an instruction of the Dockerfile reference"],
    ["FROM a\nCOPY b c /d\nRUN e", "Containerfile:2: expected a destination that ends with /"],
    ["FROM a\nCOPY --from=7 b /\nRUN e", "Containerfile:2: expected --from with an earlier stage"],
    ["", "Containerfile: expected a FROM instruction"],
  ])("refuses what no builder takes: %j", (text, message) => {
    expect(() => read(text)).toThrow(InputError);
    expect(() => read(text)).not.toThrow(BuilderNeededError);
    expect(() => read(text)).toThrow(message);
  });
});
