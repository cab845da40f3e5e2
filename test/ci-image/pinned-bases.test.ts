import { expect, it } from "vitest";
import { pinBases } from "../../src/ci-image/pinned-bases.js";
import { parsePlatform } from "../../src/oci/platform.js";

const digest = `sha256:${"a".repeat(64)}`;
const amd64 = parsePlatform("linux/amd64");
const base = (wanted: string, to = wanted) => ({ wanted, pinned: `${to}@${digest}` });

it.each<[string, string, { wanted: string; pinned: string }[], Record<string, string>, string]>([
  [
    "a base by its tag",
    "FROM golang:1.25.5 AS base\nRUN a\nFROM base AS tools\nCOPY .mise/config.toml $DIR/\nRUN b",
    [base("golang:1.25.5", "docker.io/library/golang:1.25.5")],
    {},
    `FROM golang:1.25.5@${digest} AS base\nRUN a\nFROM base AS tools\nCOPY .mise/config.toml $DIR/\nRUN b`,
  ],
  [
    "a base that a build argument names, with its digest already",
    `ARG BASE_IMAGE=golang:1\nFROM \${BASE_IMAGE}\nRUN a`,
    [base("golang:1")],
    { BASE_IMAGE: `golang:1@${digest}` },
    `ARG BASE_IMAGE=golang:1\nFROM \${BASE_IMAGE}\nRUN a`,
  ],
  [
    "an argument of another name",
    `ARG GO=1.25.5\nFROM golang:\${GO}-alpine\nRUN a`,
    [base("golang:1.25.5-alpine")],
    {},
    `ARG GO=1.25.5\nFROM golang:1.25.5-alpine@${digest}\nRUN a`,
  ],
  ["a text that is no Dockerfile", "FROM golang:1\nRUM a", [base("golang:1")], {}, "FROM golang:1\nRUM a"],
])("takes %s from the digest that the identity has", (_, text, bases, buildArgs, expected) => {
  expect(pinBases(text, "Dockerfile.ci", bases, { platform: amd64, buildArgs })).toBe(expected);
});
