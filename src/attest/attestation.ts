import { InputError, RegistryError } from "../errors.js";
import { type AttachedDocument, type Attachment, buildAttachment } from "../oci/attachment.js";
import type { Descriptor } from "../oci/manifest.js";
import { bounds } from "../registry/bounds.js";
import type { RegistryClient } from "../registry/client.js";
import type { Referrer } from "../registry/lists.js";
import { eachOf } from "../registry/parallel.js";
import { formatReference, formatRepository, type Repository } from "../registry/reference.js";
import { keepListed, pushAttachments, readReferrers } from "../registry/referrers.js";
import { statementIn, tryDocument } from "./attached.js";
import {
  type DocumentKind,
  documentForms,
  isSigned,
  kindOf,
  signedDocument,
  unsignedDocument,
} from "./document.js";
import type { Signer } from "./signature/signer.js";
import { type Subject, statementAbout } from "./statement.js";

/** A document that is to be attached to a manifest. */
export interface WantedDocument {
  kind: DocumentKind;
  /** The manifest. */
  subject: Descriptor;
  /** Absent where it is about the whole image. */
  platform?: string;
  /** What the document is about. */
  about: readonly Subject[];
  /** Makes its content; called at most once, and only where no repository has the document. */
  predicate(): Promise<object>;
}

/** What became of a document in one repository. */
export interface AttachedOutcome {
  kind: DocumentKind;
  platform?: string;
  /** Digest of the manifest that it is attached as. */
  digest: string;
  how: "existed" | "attached" | "copied";
  signed: boolean;
}

/** How documents are attached to one image. */
export interface AttestationOptions {
  client: RegistryClient;
  /** Absent where nothing is signed. */
  signer?: (() => Promise<StatementSigner>) | undefined;
  /** Repositories that hold the image already, and may have its documents. */
  holders: readonly Repository[];
}

/** What of a signer is needed here. */
export type StatementSigner = Pick<Signer, "sign" | "isSignedBy">;

/** A document that a repository has. */
interface Found {
  referrer: Referrer;
  document: AttachedDocument;
}

interface Obtained {
  attachment: Attachment;
  how: "attached" | "copied";
}

/**
 * Attaches documents to an image, each made and signed once for all repositories. What one of them has is copied to the
 * others; what is there is left.
 */
export class Attestation {
  readonly #obtained = new Map<string, Promise<Obtained>>();
  readonly #listed = new Map<string, Promise<readonly Referrer[]>>();
  /** By repository: what is on lists that another publisher may write as well. */
  readonly #underTags = new Map<string, readonly Attachment[]>();

  constructor(private readonly options: AttestationOptions) {}

  /** Completes the documents of an image in a repository that holds it whole, and reads the lists back. */
  async attach(repository: Repository, wanted: readonly WantedDocument[]): Promise<AttachedOutcome[]> {
    const documents = wanted.filter(({ kind }) => this.#isPossible(kind));
    const found = await eachOf(documents, async (document) => ({
      document,
      existing: await this.#find(repository, document),
    }));
    const missing = found.filter(({ existing }) => existing === undefined);
    const obtained = new Map(
      await eachOf(missing, async ({ document }) => [document, await this.#obtain(document)] as const),
    );
    const attachments = [...obtained.values()].map(({ attachment }) => attachment);
    if (attachments.length > 0)
      this.#underTags.set(formatRepository(repository), await this.#push(repository, attachments));
    return found.map(({ document, existing }) => outcomeOf(document, existing ?? obtained.get(document)));
  }

  /** Completes lists that have lost since what was attached. */
  async confirm(repository: Repository): Promise<void> {
    const attachments = this.#underTags.get(formatRepository(repository)) ?? [];
    await keepListed(this.options.client, repository, attachments);
  }

  async #push(repository: Repository, attachments: readonly Attachment[]): Promise<readonly Attachment[]> {
    try {
      return await pushAttachments(this.options.client, repository, attachments);
    } catch (error) {
      throw withoutAdvice(error);
    }
  }

  #isPossible(kind: DocumentKind): boolean {
    return this.options.signer !== undefined || documentForms[kind].unsigned !== undefined;
  }

  /** The document as a repository has it: signed by this signer where there is one, else in any form. */
  async #find(repository: Repository, wanted: WantedDocument): Promise<Found | undefined> {
    const { client } = this.options;
    const signer = await this.options.signer?.();
    const listed = await this.#list(repository, wanted.subject.digest);
    for (const referrer of listed.filter((each) => kindOf(each) === wanted.kind)) {
      if (signer !== undefined && !isSigned(referrer)) continue;
      const document = await tryDocument(client, repository, referrer);
      if (document !== undefined && (await isWanted(document, wanted, signer))) return { referrer, document };
    }
    return undefined;
  }

  #list(repository: Repository, subject: string): Promise<readonly Referrer[]> {
    const key = formatReference(repository, subject);
    const listed = this.#listed.get(key) ?? readReferrers(this.options.client, repository, subject);
    this.#listed.set(key, listed);
    return listed;
  }

  #obtain(document: WantedDocument): Promise<Obtained> {
    const key = `${document.kind} ${document.subject.digest}`;
    const obtained = this.#obtained.get(key) ?? this.#copyOrMake(document);
    this.#obtained.set(key, obtained);
    return obtained;
  }

  async #copyOrMake(document: WantedDocument): Promise<Obtained> {
    for (const holder of this.options.holders) {
      const found = await this.#find(holder, document);
      if (found !== undefined)
        return { attachment: buildAttachment(document.subject, found.document), how: "copied" };
    }
    const content = await this.#make(document);
    requireReadable(document, content);
    return { attachment: buildAttachment(document.subject, content), how: "attached" };
  }

  async #make({ kind, about, predicate }: WantedDocument): Promise<AttachedDocument> {
    const statement = statementAbout(about, documentForms[kind].predicateType, await predicate());
    const signer = await this.options.signer?.();
    const unsigned = unsignedDocument(kind, statement);
    if (signer !== undefined) return signedDocument(kind, await signer.sign(statement));
    if (unsigned === undefined) throw new Error(`A ${kind} needs a signer.`);
    return unsigned;
  }
}

// What registries say to a manifest of a form that they do not know.
const unknownForm = [400, 404, 405, 406, 415, 422, 501];

/** A registry may hold images and nothing that is attached to them. */
function withoutAdvice(error: unknown): unknown {
  if (!(error instanceof RegistryError) || !unknownForm.includes(error.status ?? 0)) return error;
  const settings = '"attest": {"sbom": [], "provenance": false, "signature": "never"}';
  return new RegistryError(
    `${error.message} Where this registry takes nothing that is attached to images, ${settings} in slipway.json releases without.`,
    error,
  );
}

/** What is larger would be attached anew by every release, since none could read it back. */
function requireReadable({ kind, platform }: WantedDocument, { bytes }: AttachedDocument): void {
  if (bytes.length <= bounds.attachment.bytes) return;
  throw new InputError({
    subject: `${documentForms[kind].name}${platform === undefined ? "" : ` of ${platform}`}`,
    expected: `at most ${bounds.attachment.bytes} bytes`,
    given: bytes.length,
    fix: "Leave out what the image does not need, or take this format out of attest.sbom in slipway.json",
  });
}

/** Anybody may attach anything here, a signature that this signer has made over something else as well. */
async function isWanted(
  document: AttachedDocument,
  { kind, subject }: WantedDocument,
  signer: StatementSigner | undefined,
): Promise<boolean> {
  // What nobody can read is nobody's.
  const isSigned = signer === undefined || (await signer.isSignedBy(document.bytes).catch(() => false));
  if (!isSigned) return false;
  const statement = await statementIn(document, subject.digest);
  return statement?.predicateType === documentForms[kind].predicateType;
}

function outcomeOf({ kind, platform }: WantedDocument, found: Found | Obtained | undefined): AttachedOutcome {
  if (found === undefined) throw new Error(`The ${kind} was not attached.`);
  const { referrer, how } =
    "attachment" in found
      ? { referrer: found.attachment.listed, how: found.how }
      : { referrer: found.referrer, how: "existed" as const };
  return {
    kind,
    ...(platform === undefined ? {} : { platform }),
    digest: referrer.digest,
    how,
    signed: isSigned(referrer),
  };
}
