/** What a call was given to sign with, and what the settings say of it. */
export interface SigningChoice {
  setting: "auto" | "always" | "never";
  hasKey: boolean;
  /** Absent without an identity token. */
  token?: {
    issuer: string;
    /** Who may see the repository, as its platform says it. */
    visibility?: string | undefined;
    /** Whether the public authority certifies it. */
    isCertifiedPublicly: boolean;
    /** Whether the public log keeps what is signed, for everybody to read. */
    isLoggedPublicly: boolean;
  };
}

/** What signs, or why nothing does: a clause without a full stop. */
export type ChosenSigning = { by: "key" | "identity" } | { unsigned: string };

/** The issuers that the public Sigstore knows, as far as they are those of CI platforms. */
const publicIssuers = ["https://token.actions.githubusercontent.com", "https://gitlab.com"];

/**
 * Chooses what signs: a key before a token. Left to itself, nothing that is not public is written into the public log,
 * and no service is asked that does not know who issued the token.
 */
export function chooseSigning({ setting, hasKey, token }: SigningChoice): ChosenSigning {
  if (setting === "never") return { unsigned: "attest.signature is never" };
  if (hasKey) return { by: "key" };
  if (token === undefined) return { unsigned: "neither with-signing-key nor with-identity-token was given" };
  if (setting === "always") return { by: "identity" };
  if (token.isCertifiedPublicly && !publicIssuers.includes(token.issuer))
    return {
      unsigned: `the public Sigstore does not know ${token.issuer}; name one of your own as attest.fulcio, or give a key`,
    };
  if (token.visibility === "public" || !(token.isCertifiedPublicly || token.isLoggedPublicly))
    return { by: "identity" };
  return {
    unsigned: `the repository is ${token.visibility ?? "perhaps not public"}, and the public log would name it; attest.signature always signs it all the same`,
  };
}
