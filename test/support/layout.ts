import { createReadStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { readTar } from "../../src/archive/tar-reader.js";
import { type Descriptor, mediaTypes } from "../../src/oci/manifest.js";
import { describeBytes } from "./image.js";
import { type MemberSpec, makeArchive } from "./image-base.js";

/** The content of an image layout, to be changed at will before it is written. */
export class Layout {
  /** Content by path. */
  readonly files = new Map<string, Buffer>();
  /** Members behind the files. */
  readonly more: MemberSpec[] = [];

  /** Adds a blob; `as` is the descriptor that it is stored for, its own unless given. */
  add(content: Buffer | object, mediaType: string, as: Partial<Descriptor> = {}): Descriptor {
    const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content));
    const descriptor = { ...describeBytes(bytes, mediaType), ...as };
    this.files.set(`blobs/${descriptor.digest.replace(":", "/")}`, bytes);
    return descriptor;
  }

  addIndex(manifests: readonly Descriptor[], as: Partial<Descriptor> = {}): Descriptor {
    return this.add({ schemaVersion: 2, mediaType: mediaTypes.index, manifests }, mediaTypes.index, as);
  }

  setRoots(...manifests: readonly Descriptor[]): this {
    this.files.set("index.json", Buffer.from(JSON.stringify({ schemaVersion: 2, manifests })));
    return this;
  }

  async write(path: string): Promise<string> {
    const members = [...this.files].map(([name, content]) => ({ path: name, content }));
    await writeFile(path, makeArchive([...members, ...this.more]));
    return path;
  }
}

/** Reads a layout whose archive is right. */
export async function readLayout(path: string): Promise<Layout> {
  const layout = new Layout();
  const members = readTar(createReadStream(path), path, ({ type }) => type === "file");
  for await (const { header, content } of members)
    if (content !== undefined) layout.files.set(header.path, content);
  return layout;
}
