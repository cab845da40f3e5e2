import { describe, expect, it } from "vitest";
import { InputError } from "../../src/errors.js";
import {
  buildIndex,
  digestOf,
  isIndex,
  manifestTypes,
  mediaTypes,
  parseIndex,
  parseManifest,
} from "../../src/oci/manifest.js";
import { describeBytes } from "../support/image.js";

const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const descriptor = describeBytes(Buffer.from("layer"));
const manifest = {
  schemaVersion: 2,
  mediaType: mediaTypes.manifest,
  config: descriptor,
  layers: [descriptor],
};

it("computes the digest that content is addressed by", () => {
  expect(digestOf(Buffer.from(""))).toBe(
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  );
});

it.each([
  [mediaTypes.index, true],
  [mediaTypes.dockerIndex, true],
  [mediaTypes.manifest, false],
  [mediaTypes.dockerManifest, false],
  ["", false],
])("isIndex(%s) is %s", (mediaType, expected) => {
  expect(isIndex(mediaType)).toBe(expected);
});

it("accepts all four forms of manifest", () => {
  expect(manifestTypes).toHaveLength(4);
});

describe("parseManifest", () => {
  it("keeps what Slipway reads and drops the rest", () => {
    const stored = { ...manifest, annotations: { a: "b" }, subject: descriptor };
    expect(parseManifest(json(stored), "x")).toEqual({ ...manifest, annotations: { a: "b" } });
  });

  it("takes null for nothing, as Go does", () => {
    const platform = { os: "linux", architecture: "amd64" };
    const held = { ...descriptor, platform };
    const stored = {
      schemaVersion: 2,
      annotations: { a: null },
      manifests: [{ ...held, platform: { ...platform, variant: null } }],
    };
    expect(parseIndex(json(stored), "x")).toEqual({
      schemaVersion: 2,
      mediaType: mediaTypes.index,
      annotations: { a: "" },
      manifests: [held],
    });
  });

  it("takes a manifest without mediaType, which OCI only recommends, for OCI's", () => {
    const { mediaType, ...unnamed } = manifest;
    expect(parseManifest(json(unnamed), "x").mediaType).toBe(mediaType);
  });

  it.each<[string, Buffer, string]>([
    ["no JSON", Buffer.from("<html>"), 'an image manifest in JSON, got "text that is not JSON"'],
    ["an index", json({ schemaVersion: 2, manifests: [] }), 'an image manifest, got "config: Invalid input'],
    ["schema 1", json({ ...manifest, schemaVersion: 1 }), 'an image manifest, got "schemaVersion: Invalid'],
    [
      "another digest algorithm",
      json({ ...manifest, config: { ...descriptor, digest: "md5:0" } }),
      'an image manifest, got "config.digest: a digest of the form sha256:<64 hex digits>"',
    ],
    [
      "a negative size",
      json({ ...manifest, layers: [{ ...descriptor, size: -1 }] }),
      'an image manifest, got "layers.0.size: Too small',
    ],
    ["null", json(null), 'an image manifest, got "Invalid input: expected object, received null"'],
  ])("refuses %s", (_, bytes, expected) => {
    const parse = () => parseManifest(bytes, "ghcr.io/acme/ci:1");
    expect(parse).toThrow(InputError);
    expect(parse).toThrow(`ghcr.io/acme/ci:1: expected ${expected}`);
  });
});

describe("parseIndex", () => {
  it("reads entries with and without a platform", () => {
    const entries = [
      { ...descriptor, platform: { os: "linux", architecture: "arm", variant: "v7" } },
      { ...descriptor, annotations: { "vnd.docker.reference.type": "attestation-manifest" } },
    ];
    expect(parseIndex(json({ schemaVersion: 2, manifests: entries }), "x").manifests).toEqual(entries);
  });

  it("refuses a manifest", () => {
    expect(() => parseIndex(json(manifest), "x")).toThrow('x: expected an image index, got "mediaType: ');
  });
});

describe("what is a manifest and an index, so that programs differ in which one they read, is neither", () => {
  const both = { ...manifest, manifests: [descriptor] };
  const { mediaType: _, ...unnamed } = both;
  it.each([
    [parseManifest, both, '"manifests: nothing here, which belongs to the other form of manifest"'],
    [parseManifest, unnamed, '"manifests: nothing here, '],
    [parseManifest, { ...manifest, mediaType: mediaTypes.index }, '"mediaType: '],
    [parseIndex, { ...both, mediaType: mediaTypes.index }, '"config: nothing here, '],
    [parseIndex, unnamed, '"config: nothing here, '],
  ])("%o", (parse, content, said) => {
    expect(() => parse(json(content), "x")).toThrow(said);
  });
});

describe("buildIndex", () => {
  const entry = (os: string, architecture: string, variant?: string) => ({
    ...describeBytes(Buffer.from(`${os}/${architecture}`), mediaTypes.manifest),
    platform: { os, architecture, ...(variant === undefined ? {} : { variant }) },
  });
  const entries = [entry("linux", "arm64"), entry("linux", "amd64"), entry("linux", "arm", "v7")];

  it("has the same bytes for the same content in any order", () => {
    const annotations = { b: "2", a: "1" };
    const one = buildIndex(entries, annotations);
    const other = buildIndex(entries.toReversed(), { a: "1", b: "2" });
    expect(other.bytes.equals(one.bytes)).toBe(true);
    expect(
      JSON.parse(one.bytes.toString()).manifests.map(({ platform }: { platform: object }) => platform),
    ).toEqual([
      { os: "linux", architecture: "amd64" },
      { os: "linux", architecture: "arm", variant: "v7" },
      { os: "linux", architecture: "arm64" },
    ]);
  });

  it("describes its own bytes", () => {
    const { descriptor: described, bytes } = buildIndex(entries, {});
    expect(described).toEqual(describeBytes(bytes, mediaTypes.index));
    expect(parseIndex(bytes, "x")).not.toHaveProperty("annotations");
  });
});

// Go, in which what runs images is written, reads none of these (image-spec: specs-go/v1).
it.each<[string, object]>([
  ["artifactType", { artifactType: 5 }],
  ["subject", { subject: 5 }],
  ["the size of a subject", { subject: { ...descriptor, size: 1.5 } }],
  ["urls", { layers: [{ ...descriptor, urls: "x" }] }],
  ["data", { config: { ...descriptor, data: "!!" } }],
])("refuses %s of another form in a manifest", (_, part) => {
  expect(() => parseManifest(json({ ...manifest, ...part }), "x")).toThrow(InputError);
});

it("refuses a platform of another form in an index", () => {
  const of = (platform: object) =>
    json({
      schemaVersion: 2,
      manifests: [{ ...descriptor, platform: { os: "linux", architecture: "amd64", ...platform } }],
    });
  expect(parseIndex(of({ "os.version": "10", "os.features": ["a"] }), "x").manifests).toHaveLength(1);
  expect(() => parseIndex(of({ "os.version": 10 }), "x")).toThrow(InputError);
  expect(() => parseIndex(of({ "os.features": "a" }), "x")).toThrow(InputError);
});
