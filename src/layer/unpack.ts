import type { TarHeader } from "../archive/tar.js";
import { readTar, type Visit } from "../archive/tar-reader.js";
import { InputError } from "../errors.js";
import type { StoredLayer } from "../oci/stored-layer.js";
import { Changeset } from "./changeset.js";
import { FileTree, type TreeCost } from "./file-tree.js";
import { readLayers, type StoredLayers } from "./uncompressed.js";

/** How the files of an image are read. */
export interface UnpackOptions {
  /** Members whose content is held in the tree; that of all others stays in the layers. */
  wants?(header: TarHeader): boolean;
  /** Sees the content of all others as it passes. */
  visit?(layer: StoredLayer): Visit;
  /** The most that the files may take. */
  limit?: TreeCost;
}

/** A member that the tree has now. */
export interface UnpackedMember {
  /** For messages: the image and the layer. */
  subject: string;
  header: TarHeader;
  /** Whether the tree takes more than the limit. */
  isTooMuch: boolean;
}

// About what a member takes in time, however short its path.
const namesOfMember = 4;

// What more than a million files take, less than Node is given on a small machine; and minutes.
const maxCost: TreeCost = { memory: 512 * 2 ** 20, names: 2 ** 23 };

/**
 * Puts what the layers of an image hold into a tree, member by member, in the order in which they are unpacked. What
 * no directory of Linux can hold that way is an InputError.
 */
export async function* unpack(
  image: StoredLayers,
  tree: FileTree,
  { wants = () => false, visit, limit = maxCost }: UnpackOptions = {},
): AsyncGenerator<UnpackedMember> {
  for await (const { chunks, subject, layer: stored } of readLayers(image)) {
    const layer = new Changeset(tree, subject, { image, layer: stored });
    for await (const member of readTar(chunks, subject, wants, visit?.(stored))) {
      layer.apply(member);
      tree.cost.names += namesOfMember;
      // What an image has is no change.
      tree.takeChanges();
      const isTooMuch = tree.cost.memory > limit.memory || tree.cost.names > limit.names;
      yield { subject, header: member.header, isTooMuch };
    }
    layer.end();
  }
}

/**
 * Holds the layers of an image against what its manifest and its configuration say of them, and their members against
 * each other, so that whatever unpacks images can unpack it.
 */
export async function checkLayers(image: StoredLayers): Promise<void> {
  for await (const member of unpack(image, new FileTree()))
    requireWithinLimit(member, "Leave out what the image does not need");
}

/** What was expected where the files of an image take too much. */
export const withinLimit = "no more files than images have, in no deeper directories";

/** Refuses a member with which the files of an image take more than the limit. */
export function requireWithinLimit({ subject, header, isTooMuch }: UnpackedMember, fix: string): void {
  if (isTooMuch) throw new InputError({ subject, expected: withinLimit, given: header.path, fix });
}
