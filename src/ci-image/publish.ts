import type { AttachedOutcome } from "../attest/attestation.js";
import { type Attacher, attacherOf, type ImageDocuments } from "../attest/image.js";
import { ConflictError, RegistryError, VerificationError } from "../errors.js";
import type { PublishableImage } from "../oci/source.js";
import { type Clock, type Timed, timed } from "../phases.js";
import { type Arrival, copyOf } from "../publication.js";
import { withNewRepositoryAdvice } from "../registry/access.js";
import type { RegistryClient } from "../registry/client.js";
import { type Failure, settle } from "../registry/outcome.js";
import { nothingSent, pushImage, type Transfer } from "../registry/publish.js";
import { formatReference, formatRepository, type Repository } from "../registry/reference.js";
import { type AliasMove, createTag, moveAlias } from "../registry/tag.js";
import { mismatches, readImage, type VerifiedImage, verifyPushed, verifyRead } from "../registry/verify.js";
import { type CiImage, isSlipwayImage, labels } from "./image.js";

/** Whether a repository has a CI image. `unknown` is an answer of its own: it is never read as absence. */
export type Existence =
  | { state: "exists"; image: VerifiedImage }
  | { state: "absent" }
  | { state: "unknown"; error: RegistryError };

/** What became of one repository. */
export type RepositoryOutcome =
  | {
      repository: string;
      ok: true;
      how: Arrival;
      digest: string;
      platforms: string[];
      tag: string;
      aliases: AliasMove[];
      transfer: Transfer;
      /** Absent where nothing is to be attached. */
      attached?: AttachedOutcome[];
    }
  | Failure;

export interface CiImagePublication {
  client: RegistryClient;
  repositories: readonly Repository[];
  image: CiImage;
  /** Measures what each repository takes, once it is known what the others have. */
  now: Clock;
  /** What is attached to the image; absent where nothing is. */
  documents?: ImageDocuments | undefined;
  /** Builds the image; called at most once, and only where no repository has it. */
  build: () => Promise<PublishableImage>;
  /** Treats a repository that answers 401 or 403 as one that was never pushed to. */
  firstPublish: boolean;
}

/**
 * Asks a repository for a CI image by its immutable tag: manifests and configuration only, no layer. A tag that
 * holds something else is a ConflictError, since publishing would overwrite it.
 */
export async function probe(
  client: RegistryClient,
  repository: Repository,
  image: CiImage,
): Promise<Existence> {
  const reference = formatReference(repository, image.tag);
  let found: VerifiedImage;
  try {
    const tagged = await client.headManifest(repository, image.tag);
    if (tagged === undefined) return { state: "absent" };
    found = (await readImage(client, repository, tagged.digest)) ?? contradict(reference, tagged.digest);
  } catch (error) {
    if (error instanceof RegistryError) return { state: "unknown", error };
    throw error;
  }
  const foreign = found.variants.filter((variant) => variant.labels[labels.identity] !== image.identity);
  const differences = [
    ...foreign.map(
      (variant) =>
        `${variant.platform} carries the identity ${variant.labels[labels.identity] ?? "of no CI image"}, not ${image.identity}`,
    ),
    ...mismatches(found, { platforms: image.platforms }),
  ];
  if (differences.length > 0)
    throw new ConflictError(
      `${reference}: the tag exists as ${found.digest} and is another image: ${differences.join("; ")}. Nothing was overwritten; remove that tag, or change an input so that the image gets a tag of its own.`,
    );
  return { state: "exists", image: found };
}

function contradict(reference: string, digest: string): never {
  throw new RegistryError(
    `${reference}: is there as ${digest}, and a request for that manifest is answered 404. Run this again; if it stays, remove that tag.`,
    { failure: "invalid" },
  );
}

/**
 * Publishes a CI image to all repositories, each on its own: what one registry already has is copied, and the
 * image is built only where none has it. Aliases move last, after everything was read back.
 */
export async function publishCiImage(publication: CiImagePublication): Promise<Timed<RepositoryOutcome>[]> {
  const { client, repositories } = publication;
  const before = await Promise.all(repositories.map((repository) => find(publication, repository)));
  const isMissing = before.some(isAbsent) && holdersAmong(before).length === 0;
  // A build that fails is an error of its own, and not one of each registry.
  const built = isMissing ? await publication.build() : undefined;
  // It takes minutes, in which another publisher may have brought the image to one of them: then all get that one.
  const probes = built === undefined ? before : await lookAgain(publication, before);
  const holders = holdersAmong(probes);
  const [holder] = holders;
  const attacher = attacherOf(
    client,
    publication.documents,
    holders.map((held) => held.repository),
  );
  const source = holder === undefined ? built : copyOf(client, holder.repository, holder.image);
  if (built !== undefined && holder === undefined) attacher.begin(built);
  return Promise.all(
    probes.map((found) =>
      timed(publication.now, async (): Promise<RepositoryOutcome> => {
        if (!("existence" in found)) return found;
        const { repository, existence } = found;
        return settle(repository, async () => {
          if (existence.state === "exists")
            return confirm({ ...publication, attacher }, repository, existence.image);
          const how = holder === undefined ? "pushed" : "copied";
          // What a repository lacks was built, or is held by another.
          return push({ ...publication, attacher }, repository, source as PublishableImage, how);
        });
      }),
    ),
  );
}

/** What a repository has, or why that is not known. */
type Found = { repository: Repository; existence: Exclude<Existence, { state: "unknown" }> } | Failure;

function find(publication: CiImagePublication, repository: Repository): Promise<Found> {
  return settle(repository, async () => ({
    repository,
    existence: await probeForPush(publication, repository),
  }));
}

function lookAgain(publication: CiImagePublication, before: readonly Found[]): Promise<Found[]> {
  return Promise.all(before.map((found) => (isAbsent(found) ? find(publication, found.repository) : found)));
}

function isAbsent(found: Found): found is Exclude<Found, Failure> {
  return "existence" in found && found.existence.state === "absent";
}

function holdersAmong(probes: readonly Found[]): { repository: Repository; image: VerifiedImage }[] {
  return probes.flatMap((found) =>
    "existence" in found && found.existence.state === "exists"
      ? [{ repository: found.repository, image: found.existence.image }]
      : [],
  );
}

/** What became of a tool, in each repository. */
export interface ToolOutcomes {
  name: string;
  outcomes: Timed<RepositoryOutcome>[];
}

/** Publishes the tools beside a CI image, each as an image of its own in the same repositories. */
export function publishTools(
  publication: Omit<CiImagePublication, "image" | "build" | "documents">,
  tools: readonly ({ name: string } & Pick<CiImagePublication, "image" | "build" | "documents">)[],
): Promise<ToolOutcomes[]> {
  return Promise.all(
    tools.map(async ({ name, ...tool }) => ({
      name,
      outcomes: await publishCiImage({ ...publication, ...tool }),
    })),
  );
}

/** A publication, and how its documents are attached. */
type Attesting = CiImagePublication & { attacher: Attacher };

/** Completes the look at an image that is there and what is attached to it, and moves the aliases to it. */
async function confirm(
  publication: Attesting,
  repository: Repository,
  found: VerifiedImage,
): Promise<RepositoryOutcome> {
  const { client, image, attacher } = publication;
  await verifyRead(client, repository, found, { platforms: image.platforms });
  const attached = await attacher.attach(repository, found, copyOf(client, repository, found));
  return conclude(publication, repository, found, { how: "existed", transfer: nothingSent(found), attached });
}

/** Brings the image in, reads it back by digest, and only then lets tags point at it: the immutable one first. */
async function push(
  publication: Attesting,
  repository: Repository,
  source: PublishableImage,
  how: "pushed" | "copied",
): Promise<RepositoryOutcome> {
  const { client, image, attacher } = publication;
  const transfer = await pushImage(client, repository, source);
  const { digest } = source.index.descriptor;
  const pushed = await verifyPushed(client, repository, digest, image.platforms);
  requireIdentity(repository, pushed, image);
  const attached = await attacher.attach(repository, pushed, source);
  // Building and sending take minutes, in which another publisher may have set the tag that never moves.
  const meanwhile = await probeForPush({ ...publication, firstPublish: false }, repository);
  if (meanwhile.state === "exists") return confirm(publication, repository, meanwhile.image);
  await attacher.confirm(repository);
  await createTag(client, repository, image.tag, source.index);
  return conclude(publication, repository, pushed, { how, transfer, attached });
}

async function conclude(
  { client, image }: CiImagePublication,
  repository: Repository,
  published: VerifiedImage,
  { attached, ...arrival }: { how: Arrival; transfer: Transfer; attached: AttachedOutcome[] | undefined },
): Promise<RepositoryOutcome> {
  const aliases: AliasMove[] = [];
  for (const alias of image.aliases)
    aliases.push(await moveAlias(client, repository, alias, published.stored, isSlipwayImage));
  return {
    repository: formatRepository(repository),
    ok: true,
    ...arrival,
    digest: published.digest,
    platforms: published.variants.map(({ platform }) => platform),
    tag: image.tag,
    aliases,
    ...(attached === undefined ? {} : { attached }),
  };
}

function requireIdentity(repository: Repository, { digest, variants }: VerifiedImage, image: CiImage): void {
  const unlabelled = variants.filter((variant) => variant.labels[labels.identity] !== image.identity);
  if (unlabelled.length === 0) return;
  throw new VerificationError(
    `${formatReference(repository, digest)}: ${unlabelled.map(({ platform }) => platform).join(", ")} without the identity label ${image.identity}.`,
  );
}

async function probeForPush(
  { client, image, firstPublish }: CiImagePublication,
  repository: Repository,
): Promise<Exclude<Existence, { state: "unknown" }>> {
  const existence = await probe(client, repository, image);
  if (existence.state !== "unknown") return existence;
  if (!existence.error.refused) throw existence.error;
  if (firstPublish) return { state: "absent" };
  throw withNewRepositoryAdvice(existence.error);
}
