import { describe, expect, it } from "vitest";
import {
  formatReference,
  formatRepository,
  isTag,
  manifestOf,
  normalizeRegistry,
  parseReference,
  parseRepository,
} from "../../src/registry/reference.js";
import { messageThrownBy } from "../support/thrown.js";

const digest = `sha256:${"0a".repeat(32)}`;

describe("parseReference", () => {
  it.each([
    ["alpine", { registry: "docker.io", path: "library/alpine" }],
    ["acme/ci", { registry: "docker.io", path: "acme/ci" }],
    ["docker.io/alpine", { registry: "docker.io", path: "library/alpine" }],
    ["docker.io/library/alpine", { registry: "docker.io", path: "library/alpine" }],
    ["index.docker.io/acme/ci:1", { registry: "docker.io", path: "acme/ci", tag: "1" }],
    ["registry-1.docker.io/alpine", { registry: "docker.io", path: "library/alpine" }],
    ["golang:1.25.5-alpine3.23", { registry: "docker.io", path: "library/golang", tag: "1.25.5-alpine3.23" }],
    ["ghcr.io/acme/ci", { registry: "ghcr.io", path: "acme/ci" }],
    ["ghcr.io/acme/ci:latest", { registry: "ghcr.io", path: "acme/ci", tag: "latest" }],
    [`ghcr.io/acme/ci@${digest}`, { registry: "ghcr.io", path: "acme/ci", digest }],
    [`ghcr.io/acme/ci:v1@${digest}`, { registry: "ghcr.io", path: "acme/ci", tag: "v1", digest }],
    ["registry.example/ci", { registry: "registry.example", path: "ci" }],
    ["registry.example:5000/a/b/c/d", { registry: "registry.example:5000", path: "a/b/c/d" }],
    ["registry.example:5000/ci:1", { registry: "registry.example:5000", path: "ci", tag: "1" }],
    ["localhost/ci", { registry: "localhost", path: "ci" }],
    ["localhost:5000/ci:1", { registry: "localhost:5000", path: "ci", tag: "1" }],
    ["localhost:5000", { registry: "docker.io", path: "library/localhost", tag: "5000" }],
    ["127.0.0.1:5000/ci", { registry: "127.0.0.1:5000", path: "ci" }],
    ["[::1]:5000/ci:1", { registry: "[::1]:5000", path: "ci", tag: "1" }],
    ["GHCR.IO/acme/ci", { registry: "ghcr.io", path: "acme/ci" }],
    // As Docker reads it: a first part with capitals is a host.
    ["Acme/ci", { registry: "acme", path: "ci" }],
    ["a-b__c/e--f.g", { registry: "docker.io", path: "a-b__c/e--f.g" }],
    [`ci:_${"x".repeat(127)}`, { registry: "docker.io", path: "library/ci", tag: `_${"x".repeat(127)}` }],
  ])("%s", (text, expected) => {
    expect(parseReference(text)).toEqual(expected);
  });

  const form = "expected the form registry/path[:tag][@sha256:digest], as in ghcr.io/acme/ci:latest";
  const host = "expected a registry host with an optional port, as in ghcr.io/acme/ci:latest";
  const tag = "expected a tag of at most 128 letters, digits, '_', '.' and '-'";
  const hex = "expected a digest of the form sha256:<64 hex digits> after @";
  it.each([
    ["", `${form}, got "".`],
    [" ", `${form}, got " ".`],
    ["a b", `${form}, got "a b".`],
    ["/ci", `${form}, got "/ci".`],
    ["ghcr.io/", `${form}, got "ghcr.io/".`],
    ["ghcr.io/acme//ci", `${form}, got "ghcr.io/acme//ci".`],
    ["ghcr.io/acme/ci/", `${form}, got "ghcr.io/acme/ci/".`],
    ["ghcr.io/../ci", `${form}, got "ghcr.io/../ci".`],
    ["ghcr.io/-acme/ci", `${form}, got "ghcr.io/-acme/ci".`],
    ["ghcr.io/acme___ci", `${form}, got "ghcr.io/acme___ci".`],
    ["ghcr.io/acme/ci?x=1", `${form}, got "ghcr.io/acme/ci?x=1".`],
    [
      "ghcr.io/Acme/CI:1",
      `expected a repository path in lower case, got "ghcr.io/Acme/CI:1". Write ghcr.io/acme/ci.`,
    ],
    ["Alpine", 'expected a repository path in lower case, got "Alpine". Write docker.io/library/alpine.'],
    [
      "https://ghcr.io/acme/ci",
      'expected a name without a scheme, as in ghcr.io/acme/ci:latest, got "https://ghcr.io/acme/ci". Write ghcr.io/acme/ci.',
    ],
    [
      "docker://ghcr.io/acme/ci:1",
      'expected a name without a scheme, as in ghcr.io/acme/ci:latest, got "docker://ghcr.io/acme/ci:1". Write ghcr.io/acme/ci:1.',
    ],
    ["registry_1.example/ci", `${host}, got "registry_1.example/ci".`],
    ["-.example/ci", `${host}, got "-.example/ci".`],
    ["ghcr.io:/ci", `${host}, got "ghcr.io:/ci".`],
    ["ghcr.io:port/ci", `${host}, got "ghcr.io:port/ci".`],
    ["ghcr.io:65536/ci", `${host}, got "ghcr.io:65536/ci".`],
    ["300.1.1.1:5000/ci", `${host}, got "300.1.1.1:5000/ci".`],
    ["user@ghcr.io/acme/ci", `${hex}, got "user@ghcr.io/acme/ci".`],
    ["ci:", `${tag}, got "ci:".`],
    ["ci:-1", `${tag}, got "ci:-1".`],
    ["ci:ä", `${tag}, got "ci:ä".`],
    [`ci:${"x".repeat(129)}`, `${tag}, got "ci:${"x".repeat(129)}".`],
    ["ci@sha256:abc", `${hex}, got "ci@sha256:abc".`],
    ["ci@", `${hex}, got "ci@".`],
    [`ci@sha512:${"a".repeat(64)}`, `${hex}, got "ci@sha512:${"a".repeat(64)}".`],
    [`ci@${digest.toUpperCase()}`, `${hex}, got "ci@${digest.toUpperCase()}".`],
    [`ci@${digest}@${digest}`, `${hex}, got "ci@${digest}@${digest}".`],
  ])("refuses %j", async (text, message) => {
    expect(await messageThrownBy(() => parseReference(text, "--image"))).toBe(`--image: ${message}`);
  });
});

describe("parseRepository", () => {
  it("is a reference without tag and digest", () => {
    expect(parseRepository("ghcr.io/acme/ci")).toEqual({ registry: "ghcr.io", path: "acme/ci" });
  });

  it.each(["alpine:3", `alpine@${digest}`])("refuses %s and says what to write", async (text) => {
    expect(await messageThrownBy(() => parseRepository(text))).toBe(
      `repository: expected a repository without tag or digest, got "${text}". Write docker.io/library/alpine; Slipway chooses the tags.`,
    );
  });
});

it.each([
  [{ registry: "ghcr.io", path: "acme/ci" }, "latest", "ghcr.io/acme/ci:latest"],
  [{ registry: "127.0.0.1:5000", path: "ci" }, digest, `127.0.0.1:5000/ci@${digest}`],
])("formats %j and %s", (repository, manifest, text) => {
  expect(formatReference(repository, manifest)).toBe(text);
  expect(text.startsWith(formatRepository(repository))).toBe(true);
});

it.each([
  ["ci", "latest"],
  ["ci:1", "1"],
  [`ci@${digest}`, digest],
  [`ci:1@${digest}`, digest],
])("%s points at %s", (text, manifest) => {
  expect(manifestOf(parseReference(text))).toBe(manifest);
});

it.each([
  ["latest", true],
  ["2025.12.13-alpine3.23-1a2b3c4d", true],
  ["", false],
  [".1", false],
  ["a/b", false],
  ["../../x", false],
  ["a?b", false],
  ["1\n", false],
])("isTag(%j) is %s", (text, expected) => {
  expect(isTag(text)).toBe(expected);
});

it.each([
  ["index.docker.io", "docker.io"],
  ["registry-1.docker.io", "docker.io"],
  ["docker.io", "docker.io"],
  ["ghcr.io", "ghcr.io"],
])("normalizes %s to %s", (host, expected) => {
  expect(normalizeRegistry(host)).toBe(expected);
});
