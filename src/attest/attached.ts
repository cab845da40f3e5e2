import { RegistryError, SlipwayError } from "../errors.js";
import { parseBounded } from "../json.js";
import type { AttachedDocument } from "../oci/attachment.js";
import { parseManifest } from "../oci/manifest.js";
import { bounds } from "../registry/bounds.js";
import type { RegistryClient } from "../registry/client.js";
import type { Referrer } from "../registry/lists.js";
import { formatReference, type Repository } from "../registry/reference.js";
import { documentForms, kindOfMediaType } from "./document.js";
import { bundleMediaType, parseBundle } from "./signature/bundle.js";
import { isAbout, parseStatement, type Statement } from "./statement.js";

/**
 * What a repository has attached: one document. Undefined where what is listed is something else, or is not there: a
 * clean-up may have removed it, and whoever may push may list anything. What the registry does not answer is thrown.
 */
export async function tryDocument(
  client: RegistryClient,
  repository: Repository,
  { digest }: Pick<Referrer, "digest">,
): Promise<AttachedDocument | undefined> {
  try {
    const stored = await client.getManifest(repository, digest);
    if (stored === undefined) return undefined;
    const { layers, annotations = {} } = parseManifest(stored.bytes, formatReference(repository, digest));
    const [layer, ...others] = layers;
    if (layer === undefined || others.length > 0 || layer.size > bounds.attachment.bytes) return undefined;
    const bytes = await client.readBlob(repository, layer, bounds.attachment);
    return { mediaType: layer.mediaType, bytes, annotations };
  } catch (error) {
    if (error instanceof RegistryError && error.failure !== "not-found") throw error;
    if (error instanceof SlipwayError) return undefined;
    throw error;
  }
}

/** What a document says, as a statement about a manifest; undefined where it says nothing about that one. */
export async function statementIn(
  { mediaType, bytes }: AttachedDocument,
  subject: string,
): Promise<Pick<Statement, "predicateType" | "predicate"> | undefined> {
  if (mediaType === bundleMediaType || mediaType === documentForms.provenance.unsigned?.mediaType) {
    const statement = mediaType === bundleMediaType ? await bundledStatement(bytes) : parseStatement(bytes);
    return statement !== undefined && isAbout(statement, subject) ? statement : undefined;
  }
  const kind = kindOfMediaType(mediaType);
  const predicate = parseBounded(bytes.toString("utf8"), bounds.attachment.json);
  if (kind === undefined || typeof predicate !== "object" || predicate === null) return undefined;
  return { predicateType: documentForms[kind].predicateType, predicate };
}

async function bundledStatement(bytes: Buffer): Promise<Statement | undefined> {
  try {
    return (await parseBundle(bytes)).statement;
  } catch {
    // Whatever it is, it is no bundle.
    return undefined;
  }
}
