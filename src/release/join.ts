import { readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileMaterial } from "../attest/provenance.js";
import { checkLayers } from "../layer/unpack.js";
import { type ArchivedImage, readArchivedImage } from "../oci/archived.js";
import { joinPlatforms } from "../oci/join.js";
import { formatPlatform } from "../oci/platform.js";
import { versionOf } from "../tags/ref.js";
import { requireSet } from "./archive-set.js";
import type { BuiltRelease } from "./built.js";
import { imageAnnotation, type ReleaseDescription } from "./description.js";
import { imageIdsOf } from "./image-ids.js";

type Archive = ArchivedImage & { file: string };

/**
 * Joins the archives of a directory, one level of subdirectories included, into the images of a release. What is no
 * complete and matching set of whole archives is an error, before any registry is asked.
 */
export async function joinArchives(
  root: string,
  descriptions: readonly ReleaseDescription[],
): Promise<BuiltRelease[]> {
  const archives: Archive[] = [];
  for (const file of await listArchives(root))
    archives.push({ file, ...(await readArchivedImage(join(root, file), file)) });
  const names = descriptions.map(({ settings }) => settings.name);
  const joined: BuiltRelease[] = [];
  for (const [at, description] of descriptions.entries()) {
    // What is of no image is held against the first one, which says so.
    const own = archives.filter(({ annotations }) => {
      const place = names.indexOf(annotations[imageAnnotation]);
      return (place < 0 ? 0 : place) === at;
    });
    joined.push(await joinImage(own, description));
  }
  return joined;
}

async function joinImage(
  archives: readonly Archive[],
  { settings, trigger, revision }: ReleaseDescription,
): Promise<BuiltRelease> {
  requireSet(
    archives.map(({ file, annotations, platforms }) => ({
      file,
      annotations,
      platforms: platforms.map(({ platform }) => formatPlatform(platform)),
    })),
    { image: settings.name, platforms: settings.platforms, version: versionOf(trigger), revision },
  );
  const platforms = archives.flatMap((archive) => archive.platforms);
  for (const { content, layers } of platforms) await checkLayers({ name: content.name, content, layers });
  const annotations = archives[0]?.annotations ?? {};
  return {
    origin: "archives",
    image: imageIdsOf(platforms),
    remarks: [],
    materials: async () =>
      archives.flatMap(({ file, platforms: joined }) =>
        joined.map(({ imageId }) => fileMaterial(file, imageId)),
      ),
    pack: async () => joinPlatforms(platforms, { annotations, format: settings.mediaTypes }),
  };
}

/** Paths of the archives in their order: an artifact store of a CI platform gives each a directory of its own. */
async function listArchives(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(".tar"))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((path) => path.split("/").length <= 2)
    .toSorted();
}
