import { describe, expect, it } from "vitest";
import { z } from "zod";
import { parseConfiguration } from "../../src/oci/configuration.js";
import { parseIndex, parseManifest } from "../../src/oci/manifest.js";
import { otherSpelling } from "../../src/oci/spelling.js";
import { messageThrownBy } from "../support/thrown.js";

const form = z.object({
  digest: z.string(),
  child: z
    .object({ kind: z.string().optional() })
    .nullish()
    .transform((child) => child ?? {}),
  children: z.array(z.object({ size: z.number() })).default([]),
  labels: z.record(z.string(), z.string()),
});

it.each<[unknown, string | undefined]>([
  [{ digest: "", other: 1, Other: 2 }, undefined],
  [{ digest: "", Digest: "" }, "Digest"],
  [{ DIGEST: "" }, "DIGEST"],
  [{ child: { kind: "", Kind: "" } }, "Kind"],
  // The Kelvin sign, and the long s.
  [{ child: { "\u212aind": "" } }, "\u212aind"],
  [{ children: [{ size: 1 }, { "\u017fize": 1 }] }, "\u017fize"],
  [{ labels: { Digest: "", digest: "", LABELS: "" } }, undefined],
  [{ child: null, children: "text" }, undefined],
  [[], undefined],
  [null, undefined],
])("another spelling of a name in %j", (value, expected) => {
  expect(otherSpelling(form, value)).toBe(expected);
});

describe("what a program in Go reads in another way is refused", () => {
  const digest = `sha256:${"0".repeat(64)}`;
  const descriptor = { mediaType: "application/octet-stream", digest, size: 1 };
  const parsers = { parseIndex, parseManifest, parseConfiguration };
  const whole = {
    parseIndex: { schemaVersion: 2, manifests: [descriptor] },
    parseManifest: { schemaVersion: 2, config: descriptor, layers: [descriptor] },
    parseConfiguration: { os: "linux", architecture: "amd64", rootfs: { diff_ids: [digest] } },
  };

  it.each<[keyof typeof parsers, object, string]>([
    ["parseIndex", { Manifests: [] }, "Manifests"],
    ["parseManifest", { Layers: [] }, "Layers"],
    ["parseConfiguration", { RootFS: {} }, "RootFS"],
    ["parseConfiguration", { Config: { User: "root" } }, "Config"],
    ["parseConfiguration", { config: { user: "root" } }, "user"],
    ["parseConfiguration", { rootfs: { diff_ids: [], Diff_IDs: [] } }, "Diff_IDs"],
  ])("%s of %j", async (parser, addition, name) => {
    const bytes = Buffer.from(JSON.stringify({ ...whole[parser], ...addition }));
    expect(await messageThrownBy(async () => parsers[parser](bytes, "it"))).toMatch(
      new RegExp(`^it: expected .* with each name once, as it is written there, got "${name}"\\.$`),
    );
  });

  it.each(Object.keys(parsers) as (keyof typeof parsers)[])("%s of a name twice", async (parser) => {
    const text = JSON.stringify(whole[parser]).replace("{", '{"a":1,"\\u0061":2,');
    expect(await messageThrownBy(async () => parsers[parser](Buffer.from(text), "it"))).toContain('got "a".');
    const free = { ...whole[parser], "com.example": 1, "COM.example": 2 };
    expect(parsers[parser](Buffer.from(JSON.stringify(free)), "it")).toBeTruthy();
  });

  it("takes labels that differ in case", () => {
    const config = { Labels: { Maintainer: "a", maintainer: "b", Labels: "c" } };
    const text = JSON.stringify({ ...whole.parseConfiguration, config });
    expect(parseConfiguration(Buffer.from(text), "it").config).toEqual(config);
  });
});
