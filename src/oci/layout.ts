import { InputError } from "../errors.js";
import { requireContent } from "./document.js";
import { listLayoutFiles } from "./layout-files.js";
import { isIndex, type PlatformDescriptor, parseIndex, parseManifest } from "./manifest.js";
import type { ContentSource, ImageVariant } from "./source.js";

/** An OCI image layout in a tar archive, as the engine exports it. */
export interface LayoutArchive extends ContentSource {
  variants: ImageVariant[];
  /** Annotations of the one index that the layout names; none where it names something else. */
  annotations: Record<string, string>;
}

// Each brings a configuration, which is held: an image for every platform, with attestations, has a quarter of it.
const maxManifests = 128;

// Of all of them together, where each may have 4 MiB.
const maxBytes = 32 << 20;

/**
 * Opens the archive at `path`, and reads its manifests (OCI image layout specification). `name` stands for it in
 * messages. What is read as a whole has to be what its descriptor says.
 */
export async function openLayoutArchive(path: string, name = path): Promise<LayoutArchive> {
  const files = await listLayoutFiles(path, name);
  const content: ContentSource = {
    name,
    read: async (descriptor) => {
      const bytes = await files.read(blobPath(descriptor.digest));
      requireContent(descriptor, bytes, name);
      return bytes;
    },
    open: ({ digest }) => files.open(blobPath(digest)),
  };
  const roots = parseIndex(await files.read("index.json"), `${name}: index.json`).manifests;
  return {
    ...content,
    variants: await readVariants(content, roots),
    annotations: await readAnnotations(content, roots),
  };
}

/** Path of a blob in a layout. */
export function blobPath(digest: string): string {
  return `blobs/${digest.replace(":", "/")}`;
}

/** Follows indexes down to the manifests that they list, each once: indexes may share what they list. */
async function readVariants(content: ContentSource, roots: PlatformDescriptor[]): Promise<ImageVariant[]> {
  const variants: ImageVariant[] = [];
  const seen = new Set<string>();
  let size = 0;
  const follow = async (descriptor: PlatformDescriptor): Promise<void> => {
    const { digest, mediaType } = descriptor;
    if (seen.has(digest)) return;
    seen.add(digest);
    size += descriptor.size;
    if (seen.size > maxManifests)
      throw new InputError({
        subject: content.name,
        expected: `an image of at most ${maxManifests} manifests`,
        given: "more",
      });
    if (size > maxBytes)
      throw new InputError({
        subject: content.name,
        expected: `manifests of at most ${maxBytes} bytes together`,
        given: "more",
      });
    const subject = `${content.name}: ${digest}`;
    const bytes = await content.read(descriptor);
    if (!isIndex(mediaType)) variants.push({ descriptor, bytes, manifest: parseManifest(bytes, subject) });
    else for (const child of parseIndex(bytes, subject).manifests) await follow(child);
  };
  for (const root of roots) await follow(root);
  return variants;
}

async function readAnnotations(
  content: ContentSource,
  [root, ...others]: PlatformDescriptor[],
): Promise<Record<string, string>> {
  if (root === undefined || others.length > 0 || !isIndex(root.mediaType)) return {};
  return parseIndex(await content.read(root), `${content.name}: ${root.digest}`).annotations ?? {};
}
