import { markdownTable } from "../report.js";
import { asMarkdown } from "../text.js";
import type { AttachedOutcome } from "./attestation.js";
import { documentForms } from "./document.js";
import { describeIdentity, type SignerIdentity } from "./signature/identity.js";

/** A repository with what is attached to the image there. */
export interface Attached {
  repository: string;
  attached?: readonly AttachedOutcome[];
}

/** All that is attached to the images of a call. */
export function attachedOf(
  outcomes: readonly (Pick<Attached, "attached"> | { ok: boolean })[],
): AttachedOutcome[] {
  return outcomes.flatMap((outcome) => ("attached" in outcome ? (outcome.attached ?? []) : []));
}

/** Who signs, or why nobody does: a clause without a full stop. */
export interface Signed {
  signer?: (() => Promise<{ identity: SignerIdentity }>) | undefined;
  unsigned?: string | undefined;
}

/** What is attached where, as a section; none where nothing is to be. */
export function attachedSections(repositories: readonly Attached[]): string[] {
  const rows = repositories.flatMap(({ repository, attached = [] }) =>
    attached.length === 0 ? [] : [[repository, documentsText(attached), signedText(attached)]],
  );
  return rows.length === 0 ? [] : [markdownTable(["repository", "attached", "signed"], rows)];
}

/** Who signed, or why nobody did: a sentence; undefined where nothing is attached. */
export async function signatureText(
  { signer, unsigned }: Signed,
  attached: readonly AttachedOutcome[],
): Promise<string | undefined> {
  if (attached.length === 0) return undefined;
  if (signer !== undefined && attached.some(({ signed }) => signed))
    return `Signed by ${asMarkdown(describeIdentity((await signer()).identity))}.`;
  const why = asMarkdown(unsigned ?? "nothing was to be signed");
  // What an earlier call has signed stays.
  return attached.some(({ signed }) => signed)
    ? `This call has signed nothing: ${why}. The signatures that were there were kept.`
    : `Unsigned: ${why}.`;
}

/** `SBOM (SPDX) of linux/amd64, linux/arm64; provenance (existed)`. */
function documentsText(attached: readonly AttachedOutcome[]): string {
  const kinds = [...new Set(attached.map(({ kind }) => kind))];
  return kinds
    .map((kind) => {
      const own = attached.filter((outcome) => outcome.kind === kind);
      const platforms = own.flatMap(({ platform }) => platform ?? []);
      const of = platforms.length === 0 ? "" : ` of ${platforms.join(", ")}`;
      const how = [...new Set(own.map((outcome) => outcome.how))].filter((each) => each !== "attached");
      return `${documentForms[kind].name}${of}${how.length === 0 ? "" : ` (${how.join(", ")})`}`;
    })
    .join("; ");
}

function signedText(attached: readonly AttachedOutcome[]): string {
  const signed = attached.filter((outcome) => outcome.signed).length;
  if (signed === attached.length) return "yes";
  return signed === 0 ? "no" : `${signed} of ${attached.length}`;
}
