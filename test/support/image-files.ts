import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { readTar } from "../../src/archive/tar-reader.js";
import { BuildContext, type Overlay } from "../../src/dockerfile/build-context.js";
import { loadContext, readIgnoreFile } from "../../src/dockerfile/context.js";
import type { FileTree } from "../../src/layer/file-tree.js";
import type { Layer } from "../../src/layer/layer.js";

/** A file to write: its content, or what else there is to it. */
export type FileSpec = string | { content?: string | Buffer; mode?: number; link?: string };

/** Writes files below a directory, by path; a path that ends with `/` is a directory. */
export async function writeFiles(
  directory: string,
  files: Readonly<Record<string, FileSpec>>,
): Promise<void> {
  for (const [path, spec] of Object.entries(files)) {
    const file = join(directory, path);
    const { content = "", mode, link } = typeof spec === "string" ? { content: spec } : spec;
    await mkdir(path.endsWith("/") ? file : dirname(file), { recursive: true });
    if (path.endsWith("/")) continue;
    if (link !== undefined) await symlink(link, file);
    else await writeFile(file, content);
    if (mode !== undefined) await chmod(file, mode);
  }
}

/** Writes files into an empty directory and reads them as a build context. */
export async function makeContext(
  directory: string,
  files: Readonly<Record<string, FileSpec>>,
  dockerfile = "Dockerfile",
): Promise<FileTree> {
  await mkdir(directory, { recursive: true });
  await writeFiles(directory, files);
  return loadContext(directory, readIgnoreFile(directory, dockerfile));
}

/** Opens a directory as the source of a build context, perhaps with binaries laid over it. */
export function openContext(directory: string, dockerfile = "Dockerfile", overlay?: Overlay): BuildContext {
  const ignore = readIgnoreFile(directory, dockerfile);
  const files = loadContext(directory, ignore);
  return new BuildContext({ directory, files, ignoreFile: ignore.name, ignore, dockerfile }, overlay);
}

/** The members of a layer, a line each: `755 0:0 usr/bin/app`, `/` after a directory, `-> target` after a link. */
export async function listLayer(layer: Layer): Promise<string[]> {
  const lines: string[] = [];
  for await (const { header } of readTar(layer.open(), "layer", () => false)) {
    const { path, type, mode, uid, gid, target } = header;
    lines.push(`${mode.toString(8)} ${uid}:${gid} ${path}${type === "symlink" ? ` -> ${target}` : ""}`);
  }
  return lines;
}

/** The content of the files of a layer, by path. */
export async function readLayer(layer: Layer): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for await (const { header, content } of readTar(layer.open(), "layer", ({ type }) => type === "file"))
    if (content !== undefined) files[header.path] = content.toString();
  return files;
}
