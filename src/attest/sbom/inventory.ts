import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Visit } from "../../archive/tar-reader.js";
import { InputError } from "../../errors.js";
import { type FileNode, FileTree } from "../../layer/file-tree.js";
import type { StoredLayers } from "../../layer/uncompressed.js";
import { unpack } from "../../layer/unpack.js";
import type { StoredLayer } from "../../oci/stored-layer.js";
import { distributionIn, isEvidence, packagesIn, packagesLockedBy, unreadOf } from "./evidence.js";
import type { Inventory, Package } from "./package.js";
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

// More than all databases of an image take.
const mostText = 128 << 20;

/**
 * Reads what is in one platform of an image: its layers once, from the lowest to the highest, each file as it passes. What
 * an upper layer replaces or removes is not in it. What the source locks counts where no file says what is installed:
 * a program that Bun compiled says nothing itself.
 */
export async function readInventory(
  image: StoredLayers,
  lockfiles: ReadonlyMap<string, string> = new Map(),
): Promise<Inventory> {
  const directory = await mkdtemp(join(tmpdir(), "inventory-"));
  try {
    const reader = new ContentReader(join(directory, "program"));
    const tree = await readTree(image, reader);
    const inventory = inventoryOf([...filesOf(tree.root, "", reader)]);
    if (inventory.packages.some(({ type }) => type === "npm")) return inventory;
    const locked = [...lockfiles].flatMap(([name, text]) => packagesLockedBy(name, text));
    return { ...inventory, packages: distinct([...inventory.packages, ...locked]) };
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
  for await (const { subject, header, isTooMuch } of unpack(image, tree, { visit }))
    if (isTooMuch)
      throw new InputError({
        subject,
        expected: "no more files than images have, in no deeper directories",
        given: header.path,
        fix: "Leave out what the image does not need, or set attest.sbom in slipway.json to []",
      });
  return tree;
}

/** Reads the content of files as it passes, and keeps what it says by where it lies. */
class ContentReader {
  readonly #contents = new Map<string, Content>();
  #textLeft = mostText;

  constructor(private readonly programFile: string) {}

  async read(layer: StoredLayer, offset: number, path: string, chunks: AsyncIterable<Buffer>): Promise<void> {
    const [sha1, sha256] = [createHash("sha1"), createHash("sha256")];
    const passing = new PassingProgram(this.programFile);
    const isText = isEvidence(fromRoot(path));
    const texts: Buffer[] = [];
    let size = 0;
    for await (const chunk of chunks) {
      sha1.update(chunk);
      sha256.update(chunk);
      size += chunk.length;
      await passing.add(chunk);
      if (isText && size <= this.#textLeft) texts.push(Buffer.from(chunk));
    }
    const program = await passing.read();
    const isTooLarge = isText && size > this.#textLeft;
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

function inventoryOf(files: readonly FoundFile[]): Inventory {
  const texts = new Map(files.flatMap(({ path, text }) => (text === undefined ? [] : [[path, text]])));
  const distribution = distributionIn(texts);
  const packages = files.flatMap(({ path, text, program }) => [
    ...(text === undefined ? [] : packagesIn(path, text, distribution)),
    ...(program?.packagesIn(`/${path}`) ?? []),
  ]);
  return {
    ...(distribution === undefined ? {} : { distribution }),
    packages: distinct(packages),
    files: files.map(({ path, sha1, sha256, size }) => ({ path: `/${path}`, sha1, sha256, size })),
    remarks: files.flatMap(remarksOn),
  };
}

/** What is not read of a file, a sentence each. */
function remarksOn({ path, isTooLarge, program }: FoundFile): string[] {
  return [
    ...(isTooLarge ? ["it is too large to be read: no package of it is listed"] : []),
    ...unreadOf(path),
    ...(program?.unread ?? []),
  ].map((clause) => `/${path}: ${clause}.`);
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

/** A path of an archive, which may begin with `./` or `/`. */
function fromRoot(path: string): string {
  return path.replace(/^(?:\.?\/)+/, "");
}
