import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import type { Visit } from "../../archive/tar-reader.js";
import { type FileNode, FileTree } from "../../layer/file-tree.js";
import type { StoredLayers } from "../../layer/uncompressed.js";
import { requireWithinLimit, unpack } from "../../layer/unpack.js";
import type { StoredLayer } from "../../oci/stored-layer.js";
import { distributionIn, isEvidence, packagesIn, packagesLockedBy, unreadOf } from "./evidence.js";
import { type Distribution, type Inventory, knownOf, type Package, unknownOf } from "./package.js";
import { PassingProgram, type ProgramContent } from "./program.js";

/** What is known of the content of a file, wherever it ends up. */
interface Content {
  sha1: string;
  sha256: string;
  size: number;
  /** What it says of packages, where it is a text that does. */
  text?: string;
  /** Whether it is such a text, and too large to be read. */
  isTooLarge?: boolean;
  /** What it is made of, where it is a program. */
  program?: ProgramContent;
}

/** A file that an image has, by its path from the root. */
type FoundFile = Content & { path: string };

/** The most that is listed: more than images have, and less than is read of a document that is attached. */
export interface InventoryLimit {
  /** Bytes of one text that names packages. */
  text: number;
  packages: number;
  files: number;
  /** Characters of the paths of all files. */
  paths: number;
  /** Packages that all programs name, each kept until it is known what upper layers leave of it. */
  named: number;
}

const mostListed: InventoryLimit = {
  text: 8 << 20,
  packages: 20_000,
  files: 50_000,
  paths: 8 << 20,
  named: 200_000,
};

// Bytes of all texts that name packages.
const mostHeld = 128 << 20;

// What the package manager of a base image is made of says nothing about what was put on it.
const ofBase = /^\/usr\/(?:local\/)?lib\/node_modules\//;

/**
 * Reads what is in one platform of an image: its layers once, from the lowest to the highest, each file as it passes. What
 * an upper layer replaces or removes is not in it. What the source locks counts where no file says what is installed:
 * a program that Bun compiled and a script that is a bundle say nothing themselves.
 */
export async function readInventory(
  image: StoredLayers,
  lockfiles: ReadonlyMap<string, string> = new Map(),
  limit: InventoryLimit = mostListed,
): Promise<Inventory> {
  const directory = await mkdtemp(join(tmpdir(), "inventory-"));
  try {
    const reader = new ContentReader(join(directory, "program"), limit);
    const tree = await readTree(image, reader);
    return inventoryOf([...filesOf(tree.root, "", reader)], lockfiles, limit);
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function readTree(image: StoredLayers, reader: ContentReader): Promise<FileTree> {
  const tree = new FileTree();
  const visit =
    (layer: StoredLayer): Visit =>
    (header, chunks, offset) =>
      reader.read(layer, offset, header.path, chunks);
  const fix = "Leave out what the image does not need, or set attest.sbom in slipway.json to []";
  for await (const member of unpack(image, tree, { visit })) requireWithinLimit(member, fix);
  return tree;
}

/** Reads the content of files as it passes, and keeps what it says by where it lies. */
class ContentReader {
  readonly #contents = new Map<string, Content>();
  #textLeft = mostHeld;
  #namedLeft: number;

  constructor(
    private readonly programFile: string,
    private readonly limit: Pick<InventoryLimit, "text" | "named">,
  ) {
    this.#namedLeft = limit.named;
  }

  async read(layer: StoredLayer, offset: number, path: string, chunks: AsyncIterable<Buffer>): Promise<void> {
    const [sha1, sha256] = [createHash("sha1"), createHash("sha256")];
    const passing = new PassingProgram(this.programFile);
    const isText = isEvidence(posix.resolve("/", path).slice(1));
    const most = Math.min(this.limit.text, this.#textLeft);
    const texts: Buffer[] = [];
    let size = 0;
    for await (const chunk of chunks) {
      sha1.update(chunk);
      sha256.update(chunk);
      size += chunk.length;
      await passing.add(chunk);
      if (isText && size <= most) texts.push(Buffer.from(chunk));
    }
    const program = await passing.read(this.#namedLeft > 0);
    this.#namedLeft -= program?.named ?? 0;
    const isTooLarge = isText && size > most;
    if (isText && !isTooLarge) this.#textLeft -= size;
    this.#contents.set(keyOf(layer, offset), {
      sha1: sha1.digest("hex"),
      sha256: sha256.digest("hex"),
      size,
      ...(isTooLarge ? { isTooLarge } : {}),
      ...(isText && !isTooLarge ? { text: Buffer.concat(texts).toString("utf8") } : {}),
      ...(program === undefined ? {} : { program }),
    });
  }

  contentOf({ layer, offset }: { layer: StoredLayer; offset: number }): Content | undefined {
    return this.#contents.get(keyOf(layer, offset));
  }
}

function inventoryOf(
  files: readonly FoundFile[],
  lockfiles: ReadonlyMap<string, string>,
  limit: InventoryLimit,
): Inventory {
  const texts = new Map(files.flatMap(({ path, text }) => (text === undefined ? [] : [[path, text]])));
  const distribution = distributionIn(texts);
  const named = packagesOf(files, limit.packages, distribution);
  const found = distinct(named.packages);
  const isInstalled = found.some(({ type, foundIn }) => type === "npm" && !ofBase.test(foundIn));
  const locks = isInstalled
    ? []
    : [...lockfiles].map(([name, text]) => ({ name, packages: packagesLockedBy(name, text) }));
  const packages = distinct([...found, ...locks.flatMap((lock) => lock.packages)]);
  const listed = files.slice(0, listedWithin(files, limit));
  const records = listed.map(({ path, sha1, sha256, size }) => ({ path: `/${path}`, sha1, sha256, size }));
  return {
    ...(distribution === undefined ? {} : { distribution }),
    packages: packages.slice(0, limit.packages),
    files: records,
    remarks: [
      ...files.flatMap(remarksOn),
      ...named.remarks,
      ...locks
        .filter((lock) => lock.packages.length > 0)
        .map(({ name }) => `${name} of the source: what only development needs is not listed.`),
      ...(packages.length > limit.packages ? [`No more than ${limit.packages} packages are listed.`] : []),
      ...(files.length > listed.length
        ? [`No more than ${listed.length} of ${files.length} files are listed.`]
        : []),
    ],
  };
}

/** How many files are listed, which are in the order of their paths. */
function listedWithin(files: readonly FoundFile[], limit: InventoryLimit): number {
  let paths = 0;
  for (const [at, { path }] of files.entries()) {
    paths += path.length;
    if (at === limit.files || paths > limit.paths) return at;
  }
  return files.length;
}

/** What files name, up to one package more than the most; and what of it is not known, a sentence each. */
function packagesOf(
  files: readonly FoundFile[],
  most: number,
  distribution?: Distribution,
): Pick<Inventory, "packages" | "remarks"> {
  const packages: Package[] = [];
  const remarks: string[] = [];
  for (const { path, text, program } of files) {
    if (packages.length > most) break;
    const listed = text === undefined ? [] : packagesIn(path, text, distribution);
    const named = [...knownOf(listed), ...(program?.packagesIn(`/${path}`) ?? [])];
    for (const each of named.slice(0, most + 1 - packages.length)) packages.push(each);
    for (const clause of unknownOf(listed)) remarks.push(sentence(path, clause));
  }
  return { packages, remarks };
}

function sentence(path: string, clause: string): string {
  return `/${path}: ${clause}.`;
}

/** What is not read of a file, a sentence each. */
function remarksOn({ path, isTooLarge, program }: FoundFile): string[] {
  return [
    ...(isTooLarge ? ["it is too large to be read: no package of it is listed"] : []),
    ...unreadOf(path),
    ...(program?.unread ?? []),
  ].map((clause) => sentence(path, clause));
}

/** A package that several files of one kind name is one; that of another file is another. */
function distinct(packages: readonly Package[]): Package[] {
  const byKey = new Map(packages.map((each) => [`${each.purl} ${each.foundIn}`, each]));
  return [...byKey].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
}

/** In the order of their paths. */
function* filesOf(node: FileNode, path: string, reader: ContentReader): Generator<FoundFile> {
  if (node.type === "directory") {
    for (const [name, child] of [...node.children].toSorted(([a], [b]) => (a < b ? -1 : 1)))
      yield* filesOf(child, path === "" ? name : `${path}/${name}`, reader);
    return;
  }
  if (node.type !== "file" || !("stored" in node.content)) return;
  const content = reader.contentOf(node.content.stored);
  if (content !== undefined) yield { path, ...content };
}

function keyOf({ digest }: StoredLayer, offset: number): string {
  return `${digest} ${offset}`;
}
