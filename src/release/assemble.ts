import { type AssembledVariant, assembleVariant } from "../image/assemble.js";
import { loadContext } from "../image/context.js";
import type { ImageFormat } from "../image/formats.js";
import { writeLayoutArchive } from "../image/layout.js";
import { packImage } from "../image/pack.js";
import type { PublishableImage } from "../image/source.js";
import type { RegistryClient } from "../registry/client.js";
import { readBase } from "./base.js";
import { type ImageIds, imageIdsOf } from "./image-ids.js";
import type { StagedRelease } from "./stage.js";

/** An image whose identity is known, before anything of it is compressed or sent. */
export interface AssembledRelease {
  image: ImageIds;
  variants: AssembledVariant[];
  annotations: Record<string, string>;
  format: ImageFormat;
  /** Directory for compressed layers. */
  layers: string;
}

export interface AssemblyOptions {
  /** Reads the base images. */
  client: RegistryClient;
  /** SOURCE_DATE_EPOCH: seconds since 1970, the time of every file and of the image. */
  sourceDateEpoch: number;
}

/** Assembles all platforms of a release; a base is read from its registry, `scratch` needs none. */
export async function assembleRelease(
  { dockerfile, context, layers, targets, annotations, format }: StagedRelease,
  { client, sourceDateEpoch }: AssemblyOptions,
): Promise<AssembledRelease> {
  const variants: AssembledVariant[] = [];
  // One after the other: each has a tree of its own, and a base is read as a whole.
  for (const target of targets) {
    const base = await readBase(client, target.base, target.platform);
    variants.push(
      await assembleVariant({
        dockerfile,
        context: await loadContext(context, dockerfile.name),
        target,
        created: sourceDateEpoch,
        ...(base === undefined ? {} : { base }),
      }),
    );
  }
  return { image: imageIdsOf(variants), variants, annotations, format, layers };
}

/** Compresses the layers into files, which have to stay until the image was published. */
export function packRelease(release: AssembledRelease): Promise<PublishableImage> {
  const { variants, annotations, format, layers } = release;
  return packImage(variants, { annotations, format, directory: layers });
}

/** Writes the image of a release as an OCI archive, without asking any registry but those of its bases. */
export async function writeRelease(
  staged: StagedRelease,
  options: AssemblyOptions,
  path: string,
): Promise<void> {
  await writeLayoutArchive(await packRelease(await assembleRelease(staged, options)), path);
}
