import { describe, expect, it } from "vitest";
import type { AttachedOutcome } from "../../src/attest/attestation.js";
import { attachedSections, signatureText } from "../../src/attest/report.js";

const outcome = (kind: AttachedOutcome["kind"], more: Partial<AttachedOutcome> = {}): AttachedOutcome => ({
  kind,
  digest: `sha256:${"0".repeat(64)}`,
  how: "attached",
  signed: false,
  ...more,
});
const sboms = (more: Partial<AttachedOutcome> = {}) =>
  ["linux/amd64", "linux/arm64"].map((platform) => outcome("spdx", { platform, ...more }));

describe("what is said of documents", () => {
  it.each<[string, AttachedOutcome[], string]>([
    [
      "new ones",
      [...sboms(), outcome("provenance")],
      "| SBOM (SPDX) of linux/amd64, linux/arm64; provenance | no |",
    ],
    [
      "signed ones that were there",
      [...sboms({ how: "existed", signed: true }), outcome("signature", { how: "existed", signed: true })],
      "| SBOM (SPDX) of linux/amd64, linux/arm64 (existed); signature (existed) | yes |",
    ],
    [
      "some of each",
      [
        outcome("provenance", { how: "copied", signed: true }),
        outcome("cyclonedx", { platform: "linux/amd64" }),
      ],
      "| provenance (copied); SBOM (CycloneDX) of linux/amd64 | 1 of 2 |",
    ],
  ])("is a row: %s", (_, attached, cells) => {
    const [section] = attachedSections([{ repository: "ghcr.io/acme/app", attached }]);
    expect(section?.split("\n")[2]).toBe(`| ghcr.io/acme/app ${cells}`);
  });

  it("is nothing where nothing is attached", async () => {
    expect(attachedSections([{ repository: "a" }, { repository: "b", attached: [] }])).toEqual([]);
    expect(await signatureText({ unsigned: "why" }, [])).toBeUndefined();
  });

  it("names who signed, or why nobody did", async () => {
    const signer = async () => ({ identity: { kind: "key", fingerprint: "ab" } as const });
    expect(await signatureText({ signer }, [outcome("signature", { signed: true })])).toBe(
      "Signed by the key sha256:ab.",
    );
    expect(await signatureText({ unsigned: "no key was given" }, sboms())).toBe(
      "Unsigned: no key was given.",
    );
    const kept = sboms({ how: "existed", signed: true });
    expect(await signatureText({ unsigned: "no key was given" }, kept)).toBe(
      "This call has signed nothing: no key was given. The signatures that were there were kept.",
    );
  });
});
