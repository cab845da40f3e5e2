import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ReferrersReader } from "../../src/cleanup/referrers-reader.js";
import { mediaTypes } from "../../src/oci/manifest.js";
import { makeClient } from "../support/client.js";
import type { Fault } from "../support/fault-proxy.js";
import { type ProxiedRegistry, startProxiedRegistry } from "../support/proxied-registry.js";
import { messageThrownBy } from "../support/thrown.js";

const digestOf = (digit: string) => `sha256:${digit.repeat(64)}`;
const [one, two, referrer] = [digestOf("1"), digestOf("2"), digestOf("5")];

let at: ProxiedRegistry;

beforeAll(async () => {
  at = await startProxiedRegistry();
});
afterAll(() => at?.stop());

/** Answers for the referrers of each digest. */
const serve = (lists: Record<string, readonly string[] | 404>) => {
  at.proxy.setFault(({ path }): Fault => {
    const list = lists[path.split("/").at(-1) ?? ""] ?? 404;
    if (list === 404) return { kind: "answer", status: 404 };
    const manifests = list.map((digest) => ({ mediaType: mediaTypes.manifest, digest, size: 2 }));
    return { kind: "answer", status: 200, body: JSON.stringify({ manifests }) };
  });
  return new ReferrersReader(makeClient(), at.repository("acme/app"));
};

describe("ReferrersReader", () => {
  it("reads what is attached", async () => {
    const reader = serve({ [one]: [referrer], [two]: [] });
    expect([await reader.read(one), await reader.read(two)]).toEqual([[referrer], []]);
  });

  it("finds nothing where there is no such API", async () => {
    const reader = serve({});
    expect([await reader.read(one), await reader.read(two)]).toEqual([[], []]);
  });

  it.each([
    [{ [one]: [], [two]: 404 as const }, `a list for those of ${one} and 404 for those of ${two}`],
    [{ [one]: 404 as const, [two]: [referrer] }, `404 for those of ${one} and a list for those of ${two}`],
  ])("does not believe one that is there for some manifests only", async (lists, said) => {
    const reader = serve(lists);
    await reader.read(one);
    expect(await messageThrownBy(() => reader.read(two))).toBe(
      `${at.proxy.address}/acme/app: asked for referrers, the registry answers ${said}, so what is attached is unknown and nothing is removed. Run this again; if it stays, whoever runs the registry has to repair it.`,
    );
  });
});
