import { Readable } from "node:stream";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { encodeHeader, endOfArchive, paddingOf, type TarMember } from "../../src/archive/tar.js";
import type { BaseImage } from "../../src/layer/base.js";
import { openBase } from "../../src/layer/base.js";
import { type ContainerConfig, formatConfiguration, type HistoryEntry } from "../../src/oci/configuration.js";
import { type Descriptor, digestOf, type ImageManifest, mediaTypes } from "../../src/oci/manifest.js";
import { parsePlatform } from "../../src/oci/platform.js";
import type { ContentSource } from "../../src/oci/source.js";

/** A member of a layer; what is left out is 0, and 0755. */
export type MemberSpec = Partial<TarMember> & { path: string; content?: string | Buffer };

/** A base image in memory. */
export interface BaseOptions {
  layers: readonly (readonly MemberSpec[])[];
  /** How the layers are stored. */
  mediaType?: string;
  platform?: string;
  /** The platform that it is opened for; its own unless given. */
  openedFor?: string;
  config?: ContainerConfig;
  history?: HistoryEntry[];
  diffIds?: string[];
  /** Bytes of the first layer, where they are no archive in the form of its media type. */
  firstLayer?: Buffer;
  /** Bytes that arrive for the first layer, where they are not what the digest says. */
  corrupted?: Buffer;
}

const compressors: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  "application/vnd.oci.image.layer.v1.tar": (bytes) => bytes,
  "application/vnd.oci.image.layer.v1.tar+gzip": (bytes) => gzipSync(bytes),
  "application/vnd.oci.image.layer.v1.tar+zstd": (bytes) => zstdCompressSync(bytes),
  "application/vnd.docker.image.rootfs.diff.tar.gzip": (bytes) => gzipSync(bytes),
};

/** The tar archive of a layer. */
export function makeArchive(members: readonly MemberSpec[]): Buffer {
  const parts = members.flatMap(({ content = "", ...member }) => {
    const bytes = Buffer.from(content);
    const defaults = { type: "file", mode: 0o755, uid: 0, gid: 0, mtime: 0, target: "" } as const;
    return [encodeHeader({ ...defaults, ...member, size: bytes.length }), bytes, paddingOf(bytes.length)];
  });
  return Buffer.concat([...parts, endOfArchive]);
}

export function makeBase(options: BaseOptions): Promise<BaseImage> {
  const { mediaType = "application/vnd.oci.image.layer.v1.tar+gzip", platform = "linux/amd64" } = options;
  const archives = options.layers.map(makeArchive);
  const compress = compressors[mediaType] ?? ((bytes: Buffer) => bytes);
  const blobs = archives.map((bytes, at) => (at === 0 && options.firstLayer) || compress(bytes));
  const config = formatConfiguration({
    ...parsePlatform(platform),
    config: options.config ?? {},
    rootfs: { diff_ids: options.diffIds ?? archives.map(digestOf) },
    history: options.history ?? archives.map((_, at) => ({ created_by: `layer ${at}` })),
  });
  const stored = new Map([config, ...blobs].map((blob) => [digestOf(blob), blob]));
  const first = blobs[0];
  if (options.corrupted !== undefined && first !== undefined) stored.set(digestOf(first), options.corrupted);
  const read = async ({ digest }: Descriptor): Promise<Buffer> => {
    const blob = stored.get(digest);
    if (blob === undefined) throw new Error(`The base has no ${digest}.`);
    return blob;
  };
  const content: ContentSource = {
    name: "example.test/base@sha256:1",
    read,
    open: async (descriptor) => Readable.from([await read(descriptor)], { objectMode: false }),
    mountableFrom: (registry) => (registry === "example.test" ? "base" : undefined),
  };
  const describe = (bytes: Buffer, type: string): Descriptor => ({
    mediaType: type,
    digest: digestOf(bytes),
    size: bytes.length,
  });
  const manifest: ImageManifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: describe(config, mediaTypes.config),
    layers: blobs.map((blob) => describe(blob, mediaType)),
  };
  return openBase(content, manifest, parsePlatform(options.openedFor ?? platform));
}
