import type { File } from "@dagger.io/dagger";
import { chooseSigning, type SigningChoice } from "./attest/signature/choice.js";
import {
  defaultAudience,
  type IdentityToken,
  parseIdentityToken,
} from "./attest/signature/identity-token.js";
import { type PlatformRun, platformRunOf } from "./attest/signature/platform-run.js";
import { createSigner, publicSigstore, type Signer, type SigningMeans } from "./attest/signature/signer.js";
import { requestToken } from "./attest/signature/token-request.js";
import type { SignedBy } from "./attest/verification.js";
import type { AttestSettings } from "./config.js";
import { InputError } from "./errors.js";
import { log } from "./log.js";
import type { Project } from "./project.js";
import { httpUrl } from "./registry/http-url.js";
import { reveal } from "./secrets.js";

/** What a call signs with, and what its platform says of the run. */
export interface Signing {
  /** Absent where no platform says it. */
  run?: PlatformRun | undefined;
  /** Makes the signer where something is to be signed; absent where nothing is. */
  signer?: (() => Promise<Signer>) | undefined;
  /** Why nothing is signed: a clause without a full stop. */
  unsigned?: string;
}

/** Who has to have signed an image, as it is written on the command line. */
export interface SignerArguments {
  signedBy?: string | undefined;
  issuer?: string | undefined;
  sourceRepository?: string | undefined;
  trustedRoot?: File | undefined;
}

/** What of a project says how it signs. */
export type SigningProject = Pick<Project, "settings" | "signing" | "fetch">;

/**
 * Reads the key and the token of a call, so that what is wrong with them is said before anything is built. A
 * certificate is asked for where the first signature is made: it is valid for minutes.
 */
export async function openSigning(project: SigningProject): Promise<Signing> {
  const { attest } = project.settings;
  const token = await readToken(project);
  const run = token && platformRunOf(token);
  const chosen = chooseSigning({
    setting: attest.signature,
    hasKey: project.signing.key !== undefined,
    ...(token === undefined ? {} : { token: describeToken(token, attest) }),
  });
  if ("unsigned" in chosen) {
    if (attest.signature === "always") throw nothingToSignWith();
    return { run, unsigned: chosen.unsigned };
  }
  const open = (means: SigningMeans) => {
    const rekor = means.kind === "identity" ? logOf(attest) : attest.rekor;
    const { timestamps } = attest;
    const witnesses = { ...(rekor && { rekor }), ...(timestamps && { timestamps }) };
    return createSigner(means, witnesses, deliveryOf(project), Date.now);
  };
  if (chosen.by === "identity")
    return { run, signer: once(async () => open(await identityMeans(project, attest))) };
  // A key is opened at once: its password may be another one.
  const signer = await open(await keyMeans(project));
  return { run, signer: async () => signer };
}

async function keyMeans({ signing: { key, password } }: SigningProject): Promise<SigningMeans> {
  if (key === undefined) throw nothingToSignWith();
  const secret = password === undefined ? {} : { password: await reveal(password) };
  return { kind: "key", pem: await reveal(key), ...secret };
}

async function identityMeans(project: SigningProject, { fulcio }: AttestSettings): Promise<SigningMeans> {
  const token = await readToken(project);
  if (token === undefined) throw nothingToSignWith();
  return { kind: "identity", token: token.jwt, fulcio };
}

/** The token of the call; where GitHub is to give it, it is asked for anew each time, since it is valid for minutes. */
async function readToken(project: SigningProject): Promise<IdentityToken | undefined> {
  const { token, tokenUrl } = project.signing;
  if (token === undefined) return undefined;
  const given = await reveal(token);
  if (tokenUrl === undefined) return parseIdentityToken(given, Date.now());
  const request = { url: requireUrl(tokenUrl), token: given, audience: defaultAudience };
  return parseIdentityToken(await requestToken(deliveryOf(project), request), Date.now());
}

/** Who has to have signed an image; undefined where nobody has to. Empty is a variable that a pipeline leaves unset. */
export async function readSignedBy({
  signedBy: signer,
  issuer,
  sourceRepository: repository,
  trustedRoot,
}: SignerArguments): Promise<SignedBy | undefined> {
  if (!signer) return undefined;
  const root = trustedRoot && Buffer.from(await trustedRoot.contents(), "utf8");
  return {
    signer,
    ...(issuer ? { issuer } : {}),
    ...(repository ? { repository } : {}),
    ...(root === undefined ? {} : { trustedRoot: root }),
  };
}

function requireUrl(text: string): string {
  const url = httpUrl(text);
  if (url !== undefined) return url.href;
  throw new InputError({
    subject: "with-identity-token --request-url",
    expected: "the URL that GitHub gives a job",
    given: text,
    fix: 'Pass "$ACTIONS_ID_TOKEN_REQUEST_URL"',
  });
}

function deliveryOf({ fetch }: SigningProject) {
  return { fetch, onRetry: log };
}

function describeToken(token: IdentityToken, attest: AttestSettings): NonNullable<SigningChoice["token"]> {
  return {
    issuer: token.issuer,
    visibility: visibilityIn(token),
    isCertifiedPublicly: attest.fulcio === publicSigstore.fulcio,
    isLoggedPublicly: logOf(attest) === publicSigstore.rekor,
  };
}

/** The log of what an identity signs: where the authority is another one, none is taken for granted. */
function logOf({ fulcio, rekor }: AttestSettings): string | false | undefined {
  return rekor ?? (fulcio === publicSigstore.fulcio ? publicSigstore.rekor : undefined);
}

/** GitHub's claim, and GitLab's. */
function visibilityIn({ claims }: IdentityToken): string | undefined {
  const { repository_visibility, project_visibility } = claims;
  const [visibility] = [repository_visibility, project_visibility].filter(
    (claim) => typeof claim === "string",
  );
  return visibility;
}

function nothingToSignWith(): InputError {
  return new InputError({
    subject: "attest.signature is always",
    expected: "a key or an identity token",
    given: "neither",
    fix: "Pass with-signing-key --key file://cosign.key, or with-identity-token --token env://SIGSTORE_ID_TOKEN",
  });
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
