import type { TrustedRoot } from "@sigstore/protobuf-specs";
import { z } from "zod";
import { InputError } from "../../errors.js";
import { parseJson } from "../../json.js";

export type { TrustedRoot } from "@sigstore/protobuf-specs";

const list = z.array(z.looseObject({})).optional();

// What cannot be read is no empty list: what a list has is what a signature is asked for.
const rootSchema = z.looseObject({
  mediaType: z.string().startsWith("application/vnd.dev.sigstore.trustedroot"),
  certificateAuthorities: list,
  timestampAuthorities: list,
  tlogs: list,
  ctlogs: list,
});

/**
 * The trusted root of the public Sigstore, as of this version of Slipway: no network is asked, and what Sigstore has
 * changed since is not known. A newer one is given as a file.
 */
export async function publicTrustRoot(): Promise<TrustedRoot> {
  const { TrustedRoot } = await import("@sigstore/protobuf-specs");
  const { default: root } = await import("./public-good.json", { with: { type: "json" } });
  return TrustedRoot.fromJSON(root);
}

/** The authorities, logs and keys that a verification trusts, from the file that is called trusted_root.json. */
export async function parseTrustRoot(bytes: Buffer): Promise<TrustedRoot> {
  const { TrustedRoot } = await import("@sigstore/protobuf-specs");
  const content = parseJson(bytes.toString("utf8"));
  try {
    return TrustedRoot.fromJSON(rootSchema.parse(content));
  } catch {
    // Said below.
  }
  throw new InputError({
    subject: "the trusted root",
    expected: "a file of Sigstore, as trusted_root.json is",
    given: content === undefined ? `${bytes.length} bytes that are no JSON` : "JSON that is none",
    fix: 'Make it with "cosign trusted-root create", or take the one that your Sigstore publishes',
  });
}
