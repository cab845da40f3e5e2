import type { SignaturePolicy } from "../attest/signature/verify.js";
import { parseSignaturePolicy, type SignedBy, verifyDocuments } from "../attest/verification.js";
import type { CiImageSettings } from "../config.js";
import { InputError } from "../errors.js";
import { readFiles } from "../files.js";
import type { Project } from "../project.js";
import { formatReference, manifestOf, parseReference } from "../registry/reference.js";
import { requireManifest } from "../registry/verify.js";

type Verify = NonNullable<CiImageSettings["verify"]>;

/**
 * The published image that a job runs in, as the settings want it signed: its reference by digest, so that nothing else is
 * pulled than was verified. As it is given where they ask for no signature.
 */
export async function requireSigned(project: Project, text: string): Promise<string> {
  const policy = await policyOf(project);
  if (policy === undefined) return text;
  const reference = parseReference(text, "--ci-image");
  const client = project.client();
  const { descriptor } = await requireManifest(client, reference, manifestOf(reference));
  await verifyDocuments(client, reference, descriptor.digest, policy);
  return formatReference(reference, descriptor.digest);
}

async function policyOf(project: Project): Promise<SignaturePolicy | undefined> {
  const { verify } = project.settings.ciImage;
  return verify === undefined ? undefined : parseSignaturePolicy(await signedBy(project, verify));
}

async function signedBy(
  { source }: Project,
  { signedBy: identity, issuer, sourceRepository, key, trustedRoot }: Verify,
): Promise<SignedBy> {
  const paths = [key, trustedRoot].flatMap((path) => path ?? []);
  const files = paths.length === 0 ? new Map<string, Buffer>() : await readFiles(source, paths);
  const read = (path: string): Buffer => {
    const content = files.get(path);
    if (content !== undefined) return content;
    throw new InputError({
      subject: "slipway.json: ciImage.verify",
      expected: "a file of the source",
      given: path,
    });
  };
  return {
    signer: key === undefined ? (identity ?? "") : read(key).toString("utf8"),
    issuer,
    repository: sourceRepository,
    trustedRoot: trustedRoot === undefined ? undefined : read(trustedRoot),
  };
}
