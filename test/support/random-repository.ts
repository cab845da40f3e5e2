import { mediaTypes } from "../../src/oci/manifest.js";
import type { StoredManifest } from "../../src/registry/client.js";
import { makeIndex, referrersTagOf, storedManifest } from "./artifact.js";
import type { Random } from "./random.js";

/** A manifest with what it refers to. */
interface RandomManifest {
  stored: StoredManifest;
  lists: readonly string[];
  subject?: string;
}

/** What a repository holds, as chance has it. */
export interface RandomRepository {
  /** By digest, each after what it refers to. */
  manifests: ReadonlyMap<string, RandomManifest>;
  /** Digests by tag. */
  tags: ReadonlyMap<string, string>;
}

const names = ["latest", "1.0.0", "1.1.0", "2.0.0", "edge", "0.1.0-test"];

/**
 * Draws images, indexes of anything, things that are attached to any of these, and tags, among them some that are named
 * by a digest. With `referrersTags` all that is attached is listed as the referrers tag schema has it.
 */
export function drawRepository(
  random: Random,
  { referrersTags }: { referrersTags: boolean },
): RandomRepository {
  const manifests = new Map<string, RandomManifest>();
  const tags = new Map<string, string>();
  const add = (manifest: RandomManifest) => {
    manifests.set(manifest.stored.descriptor.digest, manifest);
    return manifest.stored.descriptor.digest;
  };
  const count = 3 + random.below(9);
  for (let number = 0; number < count; number += 1)
    add(drawManifest(random, number, [...manifests.values()]));
  const drawn = [...manifests.keys()];
  for (const name of random.some(names, 0.4)) tags.set(name, random.pick(drawn));
  for (const digest of random.some(drawn, 0.1)) {
    const suffix = random.pick(["", "", ".sig", ".backup"]);
    tags.set(`${digest.replace(":", "-")}${suffix}`, random.pick(drawn));
  }
  if (!referrersTags) return { manifests, tags };
  for (const { stored } of [...manifests.values()]) {
    const { digest } = stored.descriptor;
    const referrers = [...manifests.values()].filter(({ subject }) => subject === digest);
    if (referrers.length === 0) continue;
    const index = makeIndex(...referrers.map((referrer) => referrer.stored));
    const lists = referrers.map((referrer) => referrer.stored.descriptor.digest);
    tags.set(referrersTagOf(stored), add({ stored: index, lists }));
  }
  return { manifests, tags };
}

function drawManifest(random: Random, number: number, earlier: readonly RandomManifest[]): RandomManifest {
  const isIndex = earlier.length > 0 && random.chance(0.5);
  const listed = isIndex ? random.some(earlier, 0.3) : [];
  const subject =
    earlier.length > 0 && random.chance(0.25) ? random.pick(earlier).stored.descriptor : undefined;
  const mediaType = isIndex ? mediaTypes.index : mediaTypes.manifest;
  const content = {
    mediaType,
    ...(isIndex ? { manifests: listed.map(({ stored }) => stored.descriptor) } : {}),
    ...(subject === undefined ? {} : { subject }),
    annotations: { number: `${number}` },
  };
  return {
    stored: storedManifest(content, mediaType),
    lists: listed.map(({ stored }) => stored.descriptor.digest),
    ...(subject === undefined ? {} : { subject: subject.digest }),
  };
}

/** All that a tag leads to: what it lists, what it is attached to, and what is attached to any of that. */
export function neededIn({ manifests, tags }: RandomRepository): Set<string> {
  const needed = new Set<string>();
  const attached = new Map<string, string[]>();
  const attach = (subject: string, digest: string) =>
    attached.set(subject, [...(attached.get(subject) ?? []), digest]);
  for (const [digest, { subject }] of manifests) if (subject !== undefined) attach(subject, digest);
  for (const [tag, digest] of tags) {
    const [, hex, suffix] = /^sha256-([0-9a-f]{64})(\.sig)?$/.exec(tag) ?? [];
    const subject = `sha256:${hex}`;
    const lists = manifests.get(digest)?.lists ?? [];
    const isSchema = lists.length > 0 && lists.every((listed) => manifests.get(listed)?.subject === subject);
    if (hex !== undefined && (suffix !== undefined || isSchema)) attach(subject, digest);
    else needed.add(digest);
  }
  // A Set takes in what is added while it is iterated.
  for (const digest of needed) {
    const { lists = [], subject } = manifests.get(digest) ?? {};
    for (const next of [
      ...lists,
      ...(subject === undefined ? [] : [subject]),
      ...(attached.get(digest) ?? []),
    ])
      needed.add(next);
  }
  return needed;
}
