import { randomUUID } from "node:crypto";
import { open, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { endOfArchive } from "../../src/archive/tar.js";
import { readArchivedImage } from "../../src/oci/archived.js";
import { openLayoutArchive } from "../../src/oci/layout.js";
import { type Descriptor, digestOf, mediaTypes } from "../../src/oci/manifest.js";
import { makeVariant } from "../support/image.js";
import { Layout } from "../support/layout.js";
import { rawHeader, rawMember } from "../support/raw-tar.js";
import { makeTemporaryDirectory } from "../support/temporary-directory.js";
import { messageThrownBy } from "../support/thrown.js";

const directory = makeTemporaryDirectory();
afterAll(() => directory.remove());

const platform = makeVariant({ platform: "linux/amd64", layers: ["layer"] });
const zeros = `sha256:${"0".repeat(64)}`;

/** A layout with one platform, which the index lists. */
function wholeLayout(): Layout {
  const layout = new Layout();
  for (const blob of platform.blobs.values()) layout.add(blob, "");
  layout.add(platform.bytes, "");
  return layout.setRoots(layout.addIndex([platform.descriptor]));
}

const nextPath = () => join(directory.path, `${randomUUID()}.tar`);
const openAt = (path: string) => messageThrownBy(() => readArchivedImage(path, "image.tar"));
const openLayout = async (layout: Layout) => openAt(await layout.write(nextPath()));

async function openParts(...parts: Buffer[]): Promise<string> {
  const path = nextPath();
  await writeFile(path, Buffer.concat(parts));
  return openAt(path);
}

describe("an archive that says any size is refused, before memory is taken for it:", () => {
  it.each<[string, Buffer, string]>([
    [
      "8 GiB of index.json",
      rawHeader({ path: "index.json", size: 2 ** 33 - 1 }),
      'expected a whole archive, got "one that ends 8589933567 bytes early".',
    ],
    [
      "2 GiB of a pax header",
      rawHeader({ size: 2 ** 31 }, { flag: "x" }),
      "expected at most 1048576 bytes before a member that say more of it, got 2147483648.",
    ],
    [
      "a negative size in octal",
      rawHeader({ path: "index.json" }, { size: "-0001000\0\0\0\0" }),
      'expected a size from 0 on for index.json, got "no number".',
    ],
    [
      "a negative size to base 256",
      rawHeader({ path: "index.json" }, { size: Buffer.from("fffffffffffffffffffffe00", "hex") }),
      "expected a size from 0 on for index.json, got -512.",
    ],
    [
      "no number for a size",
      rawHeader({ path: "index.json" }, { size: "size" }),
      'expected a size from 0 on for index.json, got "no number".',
    ],
  ])("%s", async (_, header, message) => {
    expect(await openParts(header, endOfArchive)).toBe(`image.tar: ${message}`);
  });

  it("a file of 8 GiB, where a manifest is expected", async () => {
    const path = nextPath();
    const size = 2 ** 33 - 512;
    await writeFile(path, rawHeader({ path: "index.json", size }));
    const file = await open(path, "r+");
    // A file of holes, which takes no room.
    await file.truncate(512 + size);
    await file.close();
    expect((await stat(path)).size).toBe(2 ** 33);
    expect(await openAt(path)).toBe(`image.tar: index.json: expected at most 4194304 bytes, got ${size}.`);
  });

  it.each(["configuration", "manifest", "index"])("a %s above what registries take", async (kind) => {
    const large = Buffer.from(JSON.stringify({ a: "x".repeat(4 * 1024 * 1024) }));
    const layout = wholeLayout();
    const types = { configuration: "", manifest: mediaTypes.manifest, index: mediaTypes.index };
    const descriptor = layout.add(large, types[kind as keyof typeof types]);
    const manifest = { ...platform.manifest, config: descriptor };
    layout.setRoots(kind === "configuration" ? layout.add(manifest, mediaTypes.manifest) : descriptor);
    expect(await openLayout(layout)).toBe(
      `image.tar: blobs/${descriptor.digest.replace(":", "/")}: expected at most 4194304 bytes, got ${large.length}.`,
    );
  });

  it("more members than an image has", async () => {
    const member = rawHeader({ path: "empty", type: "directory" });
    expect(await openParts(...Array.from({ length: 4097 }, () => member), endOfArchive)).toBe(
      'image.tar: expected at most 4096 members, got "more".',
    );
  });

  it("more manifests than an image has, each with the same large configuration", async () => {
    const layout = wholeLayout();
    const manifests = Array.from({ length: 129 }, (_, at) =>
      layout.add({ ...platform.manifest, annotations: { at: String(at) } }, mediaTypes.manifest),
    );
    expect(await openLayout(layout.setRoots(...manifests))).toBe(
      'image.tar: expected an image of at most 128 manifests, got "more".',
    );
  });
});

it("manifests that are too large together are refused before they are all held", async () => {
  const layout = wholeLayout();
  const manifests = Array.from({ length: 11 }, (_, at) =>
    layout.add(
      { ...platform.manifest, annotations: { at: `${at}${"x".repeat(3 << 20)}` } },
      mediaTypes.manifest,
    ),
  );
  expect(await openLayout(layout.setRoots(...manifests))).toBe(
    'image.tar: expected manifests of at most 33554432 bytes together, got "more".',
  );
});

describe("an index that leads in a circle or multiplies is read once:", () => {
  it("one that lists itself", async () => {
    const layout = wholeLayout();
    const self: Descriptor = { mediaType: mediaTypes.index, digest: zeros, size: 200 };
    layout.addIndex([{ ...self }], { digest: zeros });
    expect(await openLayout(layout.setRoots(self))).toMatch(
      /^image\.tar: blob sha256:0{64} of 200 bytes is \d+ bytes of sha256:(?!0{64})\w+\. Hand the archive over again, or build it again\.$/,
    );
  });

  it("one that lists itself twice, forty levels deep", async () => {
    const layout = wholeLayout();
    let index = layout.addIndex([platform.descriptor]);
    for (let depth = 0; depth < 40; depth += 1) index = layout.addIndex([index, index]);
    const path = await layout.setRoots(index).write(nextPath());
    const { variants } = await openLayoutArchive(path);
    expect(variants.map(({ descriptor }) => descriptor)).toEqual([platform.descriptor]);
  });
});

describe("what is not what its descriptor says is refused:", () => {
  const other = Buffer.from(JSON.stringify({ ...platform.manifest, annotations: { other: "" } }));
  const { digest } = platform.descriptor;
  it.each<[string, (layout: Layout) => unknown, string]>([
    [
      "a manifest",
      (layout) => layout.add(other, "", { digest }),
      `blob ${digest} of ${platform.bytes.length} bytes is ${other.length} bytes of ${digestOf(other)}.`,
    ],
    [
      "the size of a manifest",
      (layout) => layout.setRoots({ ...platform.descriptor, size: 1 }),
      `blob ${digest} of 1 bytes is ${platform.bytes.length} bytes of ${digest}.`,
    ],
    ["an index", (layout) => layout.setRoots(layout.addIndex([], { digest: zeros })), `blob ${zeros} of `],
    [
      "a configuration",
      (layout) => layout.add(Buffer.from("{}"), "", { digest: platform.manifest.config.digest }),
      `blob ${platform.manifest.config.digest} of ${platform.manifest.config.size} bytes is 2 bytes of `,
    ],
  ])("%s", async (_, change, message) => {
    const layout = wholeLayout();
    change(layout);
    expect(await openLayout(layout)).toContain(`image.tar: ${message}`);
  });
});

describe("of two images in one archive none is taken:", () => {
  const second = JSON.stringify({ schemaVersion: 2, manifests: [] });
  it.each(["index.json", "./index.json", "/index.json", "blobs/../index.json", "blobs//../index.json"])(
    "a second index.json as %s",
    async (path) => {
      const layout = wholeLayout();
      layout.more.push({ path, content: second });
      expect(await openLayout(layout)).toBe('image.tar: expected every file once, got "index.json twice".');
    },
  );

  it.each(["symlink", "hardlink"] as const)("a second index.json as a %s", async (type) => {
    const layout = wholeLayout();
    layout.more.push({ path: "index.json", type, target: "oci-layout" });
    expect(await openLayout(layout)).toBe('image.tar: expected every file once, got "index.json twice".');
  });

  it("a second index.json whose name another header says", async () => {
    const parts = [
      rawHeader({ path: "index.json" }),
      rawMember("L", "index.json\0"),
      rawHeader({ path: "other" }),
    ];
    expect(await openParts(...parts, endOfArchive)).toBe(
      'image.tar: expected every file once, got "index.json twice".',
    );
  });

  it("a second archive behind the end is none", async () => {
    const layout = wholeLayout();
    const path = await layout.write(nextPath());
    await writeFile(path, rawMember("0", second, { path: "index.json" }), { flag: "a" });
    expect((await openLayoutArchive(path)).variants).toHaveLength(1);
  });

  it.each(["symlink", "hardlink"] as const)("a %s as index.json is no file", async (type) => {
    const layout = wholeLayout();
    layout.files.delete("index.json");
    layout.more.push({ path: "index.json", type, target: "oci-layout" });
    expect(await openLayout(layout)).toMatch(
      /^image\.tar: expected an OCI image layout with index\.json, got \["blobs\/sha256\//,
    );
  });
});

it("join refuses a history of more layers than there are, which Docker does not load", async () => {
  const layout = wholeLayout();
  const config = layout.add(
    {
      os: "linux",
      architecture: "amd64",
      rootfs: { diff_ids: platform.manifest.layers.map(() => zeros) },
      history: [{ empty_layer: true }, ...platform.manifest.layers.map(() => ({})), { created_by: "more" }],
    },
    mediaTypes.config,
  );
  layout.setRoots(layout.add({ ...platform.manifest, config }, mediaTypes.manifest));
  const path = await layout.write(nextPath());
  const layers = platform.manifest.layers.length;
  expect(await messageThrownBy(() => readArchivedImage(path, "image.tar"))).toBe(
    `image.tar: image configuration: expected a history of at most ${layers} layers, got ${layers + 1}.`,
  );
});

it("refuses an image of more layers than Docker runs", async () => {
  const layout = wholeLayout();
  const [layer] = platform.manifest.layers;
  const config = layout.add(
    { os: "linux", architecture: "amd64", rootfs: { diff_ids: Array.from({ length: 126 }, () => zeros) } },
    mediaTypes.config,
  );
  const layers = Array.from({ length: 126 }, () => layer);
  layout.setRoots(layout.add({ ...platform.manifest, config, layers }, mediaTypes.manifest));
  expect(await openLayout(layout)).toBe(
    "image.tar: image configuration: expected at most 125 layers, since Docker runs no image of more, got 126. Build it with fewer instructions that change files.",
  );
});

it.each([0, 2])("refuses a configuration with %i diff IDs for one layer", async (length) => {
  const layout = wholeLayout();
  const config = layout.add(
    { os: "linux", architecture: "amd64", rootfs: { diff_ids: Array.from({ length }, () => zeros) } },
    mediaTypes.config,
  );
  layout.setRoots(layout.add({ ...platform.manifest, config }, mediaTypes.manifest));
  expect(await openLayout(layout)).toBe(
    `image.tar: image configuration: expected as many diff IDs as layers, 1, got ${length}.`,
  );
});
