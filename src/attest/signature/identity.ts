import { InputError } from "../../errors.js";

/** Who signed, as a report names it. */
export type SignerIdentity =
  /** SHA-256 of the public key, in hexadecimal. */
  | { kind: "key"; fingerprint: string }
  /** Whom a certificate was issued to, who vouched for it, and for which repository a job ran. */
  | { kind: "certificate"; identity: string; issuer: string; repository?: string };

/** An identity that a certificate has. */
export type CertificateIdentity = Extract<SignerIdentity, { kind: "certificate" }>;

/** What a certificate has to say: each of it as a whole. */
export interface IdentityPolicy {
  kind: "certificate";
  identity: TextPattern;
  issuer: TextPattern;
  /** URL of the repository that a job ran for. A workflow of another one has the same identity for whoever calls it. */
  repository?: TextPattern;
}

/** A text as it is, or, between slashes, a regular expression that has to match all of it. */
export interface TextPattern {
  text: string;
  expression?: RegExp;
}

/** Who vouches for identities that begin so. */
const knownIssuers = [
  ["https://github.com/", "https://token.actions.githubusercontent.com"],
  ["https://gitlab.com/", "https://gitlab.com"],
] as const;

/**
 * Reads what `--signed-by` and `--issuer` say. The issuer may be left out for identities of github.com and gitlab.com:
 * nobody else may vouch for those.
 */
export function parseIdentityPolicy(identity: string, issuer?: string, repository?: string): IdentityPolicy {
  return {
    kind: "certificate",
    identity: parsePattern(identity, "the identity of the signer"),
    issuer: parsePattern(issuer ?? issuerOf(identity), "the issuer of the signer's identity"),
    ...(repository === undefined
      ? {}
      : { repository: parsePattern(repository, "the repository of the signer") }),
  };
}

/** Whether a certificate says that a job of another repository's workflow ran: what it is has no owner then. */
export function isOfAnotherRepository({ identity, repository }: CertificateIdentity): boolean {
  return repository !== undefined && !identity.startsWith(`${repository}/`);
}

/** Whether a text is the one asked for. */
export function matches({ text, expression }: TextPattern, given: string): boolean {
  return expression === undefined ? given === text : expression.test(given);
}

/** An identity in words. */
export function describeIdentity(signer: SignerIdentity): string {
  return signer.kind === "key"
    ? `the key sha256:${signer.fingerprint}`
    : `${signer.identity} (issuer ${signer.issuer}${isOfAnotherRepository(signer) ? `, for ${signer.repository}` : ""})`;
}

function issuerOf(identity: string): string {
  const plain = identity.replaceAll("\\", "").replace(/^\/\^?/, "");
  const known = knownIssuers.find(([prefix]) => plain.startsWith(prefix) || identity.startsWith(prefix));
  if (known !== undefined) return known[1];
  throw new InputError({
    subject: "the issuer of the signer's identity",
    expected: `one beside the identity ${identity}`,
    given: undefined,
    fix: "Pass --issuer, for instance https://token.actions.githubusercontent.com",
  });
}

function parsePattern(text: string, subject: string): TextPattern {
  const source = /^\/(.+)\/$/s.exec(text)?.[1];
  if (source === undefined && text !== "") return { text };
  try {
    if (source !== undefined) return { text, expression: new RegExp(`^(?:${source})$`, "v") };
  } catch {
    // Said below.
  }
  throw new InputError({
    subject,
    expected: "a text, or a regular expression between slashes",
    given: text,
    fix: "Write /https:\\/\\/github\\.com\\/acme\\/.*/ for all that begins so",
  });
}
