import type { TrustedRoot } from "@sigstore/protobuf-specs";
import { InputError } from "../../errors.js";
import { parseJson } from "../../json.js";

export type { TrustedRoot } from "@sigstore/protobuf-specs";

/** The authorities, logs and keys that a verification trusts, from the file that is called trusted_root.json. */
export async function parseTrustRoot(bytes: Buffer): Promise<TrustedRoot> {
  const { TrustedRoot } = await import("@sigstore/protobuf-specs");
  const content = parseJson(bytes.toString("utf8"));
  try {
    const root = TrustedRoot.fromJSON(content);
    if (/^application\/vnd\.dev\.sigstore\.trustedroot/.test(root.mediaType)) return root;
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
