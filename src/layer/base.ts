import { posix } from "node:path";
import type { TarHeader } from "../archive/tar.js";
import { type ReadMember, readTar } from "../archive/tar-reader.js";
import { BuilderNeededError, InputError } from "../errors.js";
import { type ImageConfiguration, parseConfiguration } from "../oci/configuration.js";
import type { Descriptor, ImageManifest } from "../oci/manifest.js";
import { formatPlatform, type ImagePlatform } from "../oci/platform.js";
import type { ContentSource } from "../oci/source.js";
import { type FileContent, type FileNode, FileTree, type StoredFile } from "./file-tree.js";
import { readLayer } from "./uncompressed.js";

/** The image that another one starts from, for one platform. Its blobs stay where they are. */
export interface BaseImage {
  /** For messages: its reference and platform. */
  name: string;
  configuration: ImageConfiguration;
  layers: Descriptor[];
  content: ContentSource;
}

const whiteout = ".wh.";
const opaque = ".wh..wh..opq";
const userFiles = ["etc/passwd", "etc/group"];

/** Reads the configuration of a base, and checks that it is one that can be built on for the platform. */
export async function openBase(
  content: ContentSource,
  manifest: ImageManifest,
  platform: ImagePlatform,
): Promise<BaseImage> {
  const name = `${content.name} (${formatPlatform(platform)})`;
  const configuration = parseConfiguration(await content.read(manifest.config), name);
  const refuse = (expected: string, given: unknown, fix?: string): never => {
    throw new InputError({ subject: name, expected, given, ...(fix === undefined ? {} : { fix }) });
  };
  const found = formatPlatform({
    ...configuration,
    variant: configuration.variant ?? platform.variant ?? "",
  });
  if (found !== formatPlatform(platform)) refuse(`a base for ${formatPlatform(platform)}`, found);
  if (configuration.rootfs.diff_ids.length !== manifest.layers.length)
    refuse(`as many diff IDs as layers, ${manifest.layers.length}`, configuration.rootfs.diff_ids.length);
  const { OnBuild = [] } = configuration.config;
  if (OnBuild.length > 0)
    throw new BuilderNeededError({ subject: name, expected: "a base without ONBUILD", given: OnBuild });
  return { name, configuration, layers: manifest.layers, content };
}

/**
 * The files of a base as its layers leave them, read once from start to end: their content stays in the layers, except
 * of the files that name users and groups.
 */
export async function readBaseFiles(base: BaseImage): Promise<FileTree> {
  const tree = new FileTree();
  for (const layer of base.layers) {
    const subject = `${base.name}: layer ${layer.digest}`;
    const archive = readLayer(base.content, layer, subject);
    const added = new Set<string>();
    const stored = { source: base.content, layer };
    for await (const member of readTar(archive, subject, isUserFile)) addMember(tree, member, stored, added);
  }
  tree.takeChanges();
  return tree;
}

/**
 * Applies a member of a layer (OCI image specification, "Image Layer Filesystem Changeset"). Whiteouts remove
 * what lower layers have, and nothing that the same layer added.
 */
function addMember(
  tree: FileTree,
  { header, content }: ReadMember,
  stored: Pick<StoredFile, "source" | "layer">,
  added: Set<string>,
): void {
  const written = posix.resolve("/", header.path);
  const directory = tree.resolve(posix.dirname(written)) ?? posix.dirname(written);
  const path = posix.join(directory, posix.basename(written));
  const name = posix.basename(written);
  if (name === opaque) removeChildren(tree, directory, added);
  else if (name.startsWith(whiteout)) {
    const removed = posix.join(directory, name.slice(whiteout.length));
    if (!added.has(removed)) tree.remove(removed);
  } else if (path !== "/") {
    const found = tree.get(path);
    const { path: archived, size } = header;
    const node = nodeOf(
      tree,
      header,
      content === undefined ? { stored: { ...stored, path: archived, size } } : { bytes: content },
    );
    if (node === undefined) return;
    if (node.type === "directory" && found?.type === "directory") node.children = found.children;
    tree.makeDirectories(directory, { uid: 0, gid: 0 }, path);
    tree.put(path, node);
    added.add(path);
  }
}

function nodeOf(tree: FileTree, header: TarHeader, content: FileContent): FileNode | undefined {
  const { type, uid, gid, target } = header;
  const mode = header.mode & 0o7777;
  switch (type) {
    case "file":
      return { type, mode, uid, gid, content };
    case "directory":
      return { type, mode, uid, gid, children: new Map() };
    case "symlink":
      return { type, uid, gid, target };
    case "hardlink":
      return tree.get(tree.resolve(posix.join("/", target)) ?? "");
    case "other":
      return { type: "special", kind: header.flag === "6" ? "a named pipe" : "a device" };
  }
}

function removeChildren(tree: FileTree, directory: string, added: Set<string>): void {
  const node = tree.get(directory);
  if (node?.type !== "directory") return;
  for (const name of [...node.children.keys()]) {
    const path = posix.join(directory, name);
    const keeps = [...added].some((other) => other === path || other.startsWith(`${path}/`));
    if (!keeps) tree.remove(path);
  }
}

function isUserFile({ type, path, size }: TarHeader): boolean {
  const limit = 1 << 20;
  return type === "file" && size <= limit && userFiles.includes(path.replace(/^(\.?\/)+/, ""));
}
