import { execFile } from "node:child_process";
import { mkdir, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openLayoutArchive } from "../../src/oci/layout.js";
import { type Descriptor, mediaTypes } from "../../src/oci/manifest.js";
import { describeBytes, joinVariants, makeVariant } from "../support/image.js";
import { makeTemporaryDirectory, type TemporaryDirectory } from "../support/temporary-directory.js";

// Nothing, sizes around the 512 bytes of a tar block, and one that a stream gives in several chunks.
const layers = ["", "x".repeat(511), "y".repeat(512), "z".repeat(513), Buffer.alloc(300_000, 7)];
const variants = ["linux/amd64", "linux/arm64"].map((platform) => makeVariant({ platform, layers }));
const image = joinVariants(variants);

let directory: TemporaryDirectory;

beforeAll(async () => {
  directory = makeTemporaryDirectory();
  const blobs = new Map(variants.flatMap((variant) => [...variant.blobs]));
  for (const { descriptor, bytes } of [image.index, ...variants]) blobs.set(descriptor.digest, bytes);
  await mkdir(join(directory.path, "layout/blobs/sha256"), { recursive: true });
  for (const [digest, bytes] of blobs)
    await writeFile(join(directory.path, "layout/blobs", digest.replace(":", "/")), bytes);
  await writeFile(join(directory.path, "layout/oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
});

afterAll(() => directory.remove());

/** Writes `index.json` over these entries and packs the layout. */
async function pack(name: string, roots: readonly Descriptor[], ...options: string[]): Promise<string> {
  const layout = join(directory.path, "layout");
  const archive = join(directory.path, name);
  await writeFile(join(layout, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: roots }));
  await promisify(execFile)("tar", ["-c", "-f", archive, "-C", layout, ...options]);
  return archive;
}

describe("openLayoutArchive", () => {
  const direct = variants.map(({ descriptor }) => descriptor);
  const members = ["oci-layout", "index.json", "blobs"];
  it.each<[string, readonly Descriptor[], string[]]>([
    ["ustar, an index as the root", [image.index.descriptor], ["--format=ustar", ...members]],
    ["GNU, manifests as roots", direct, ["--format=gnu", ...members]],
    ["pax, with leading ./", [image.index.descriptor], ["--format=pax", "."]],
    ["the index at the end", [image.index.descriptor], ["blobs", "index.json"]],
  ])("reads %s", async (_, roots, options) => {
    const archive = await openLayoutArchive(await pack("layout.tar", roots, ...options));

    expect(archive.variants).toMatchObject(variants.map(({ descriptor, bytes }) => ({ descriptor, bytes })));
    for (const { manifest, blobs } of variants)
      for (const descriptor of [manifest.config, ...manifest.layers]) {
        const expected = blobs.get(descriptor.digest);
        expect(await archive.read(descriptor)).toEqual(expected);
        expect(await buffer(await archive.open(descriptor))).toEqual(expected);
      }
  });

  it("follows an index in an index", async () => {
    const outer = describeBytes(Buffer.from("unused"), mediaTypes.index);
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [image.index.descriptor] }));
    const descriptor = { ...outer, ...describeBytes(bytes, mediaTypes.index) };
    await writeFile(join(directory.path, "layout/blobs", descriptor.digest.replace(":", "/")), bytes);

    const archive = await openLayoutArchive(await pack("nested.tar", [descriptor], ...members));

    expect(archive.variants.map((variant) => variant.descriptor.digest)).toEqual(
      variants.map((variant) => variant.descriptor.digest),
    );
  });

  it("names a blob that the archive does not hold", async () => {
    const absent = describeBytes(Buffer.from("absent"), mediaTypes.manifest);
    const path = await pack("absent.tar", [absent], ...members);
    await expect(openLayoutArchive(path)).rejects.toThrow(
      `${path}: expected an OCI image layout with blobs/${absent.digest.replace(":", "/")}, got ["oci-layout",`,
    );
  });

  it("says so where the file is no archive", async () => {
    const path = join(directory.path, "text");
    await writeFile(path, "this is no archive\n".repeat(100));
    await expect(openLayoutArchive(path)).rejects.toThrow(
      `${path}: expected a tar archive, got "a block that is no header".`,
    );
  });

  it("says so where the archive is an image of another kind", async () => {
    const path = await pack("docker.tar", [], "oci-layout");
    await expect(openLayoutArchive(path)).rejects.toThrow(
      `${path}: expected an OCI image layout with index.json, got ["oci-layout"].`,
    );
  });

  it("says so where the archive is cut short", async () => {
    const path = await pack("short.tar", direct, "--format=ustar", "oci-layout", "blobs", "index.json");
    const { stdout } = await promisify(execFile)("tar", ["-t", "-v", "--block-number", "-f", path]);
    const block = Number(/^block (\d+): .* index\.json$/m.exec(stdout)?.[1]);
    await truncate(path, (block + 1) * 512 + 10);
    await expect(openLayoutArchive(path)).rejects.toThrow(
      new RegExp(`^${path}: expected a whole archive, got "one that ends \\d+ bytes early"\\.$`),
    );
  });
});
