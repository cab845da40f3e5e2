import seeds from "@sigstore/tuf/seeds.json" with { type: "json" };

/** The trusted root of the public Sigstore, as its own client starts from it. */
export function publicTrustRoot(): object {
  const { targets } = seeds["https://tuf-repo-cdn.sigstore.dev"];
  return JSON.parse(Buffer.from(targets["trusted_root.json"], "base64").toString("utf8"));
}
