import { expect, it } from "vitest";
import { parseDockerfile } from "../../src/dockerfile/dockerfile.js";
import { pinText } from "../../src/dockerfile/pinned-text.js";
import { parsePlatform } from "../../src/oci/platform.js";

const digest = `sha256:${"a".repeat(64)}`;

const pinned = (text: string, references: readonly string[], buildArgs = {}) =>
  pinText(
    text,
    parseDockerfile(text, "Dockerfile"),
    { platform: parsePlatform("linux/amd64"), buildArgs },
    new Map(references.map((reference) => [reference, digest])),
  );

it.each<[string, string, readonly string[], string]>([
  ["FROM", "FROM alpine:3\nRUN a", ["alpine:3"], `FROM alpine:3@${digest}\nRUN a`],
  ["FROM with a name", "FROM alpine AS alpine\nRUN a", ["alpine"], `FROM alpine@${digest} AS alpine\nRUN a`],
  [
    "FROM for the machine",
    "FROM --platform=$BUILDPLATFORM linux AS b\nFROM scratch\nCOPY --from=b /a /",
    ["linux"],
    `FROM --platform=$BUILDPLATFORM linux@${digest} AS b\nFROM scratch\nCOPY --from=b /a /`,
  ],
  [
    "FROM with variables",
    "ARG TAG=dev\nFROM a.test/x:$TAG\nRUN a $TAG",
    ["a.test/x:dev"],
    `ARG TAG=dev\nFROM a.test/x:dev@${digest}\nRUN a $TAG`,
  ],
  [
    "what is copied from",
    "FROM scratch\nCOPY --chown=1 --from=oven/bun:slim /oven/bun:slim /\nRUN a",
    ["oven/bun:slim"],
    `FROM scratch\nCOPY --chown=1 --from=oven/bun:slim@${digest} /oven/bun:slim /\nRUN a`,
  ],
  [
    "what RUN mounts, on a line of its own",
    "FROM scratch\nRUN --mount=type=cache,target=/c \\\n  --mount=type=bind,from=a/b,target=/d \\\n  a/b from=a/b",
    ["a/b"],
    `FROM scratch\nRUN --mount=type=cache,target=/c \\\n  --mount=type=bind,from=a/b@${digest},target=/d \\\n  a/b from=a/b`,
  ],
  ["no stage", "FROM a AS b\nFROM b\nRUN a", ["a"], `FROM a@${digest} AS b\nFROM b\nRUN a`],
  [
    "no stage that is not needed",
    "FROM a AS b\nFROM c\nRUN a",
    ["c"],
    `FROM a AS b\nFROM c@${digest}\nRUN a`,
  ],
  ["what has a digest", `FROM a@${digest}\nRUN a`, [`a@${digest}`], `FROM a@${digest}\nRUN a`],
  ["a comment before it", "# a\n\nFROM a\nRUN a", ["a"], `# a\n\nFROM a@${digest}\nRUN a`],
  ["a word that goes over two lines", "FROM al\\\npine\nRUN a", ["alpine"], "FROM al\\\npine\nRUN a"],
])("names images by digest: %s", (_, text, references, expected) => {
  expect(pinned(text, references)).toBe(expected);
});

it("names what an argument gives for this build", () => {
  expect(pinned("ARG BASE=a\nFROM $BASE\nRUN x", ["b:1"], { BASE: "b:1" })).toBe(
    `ARG BASE=a\nFROM b:1@${digest}\nRUN x`,
  );
});
