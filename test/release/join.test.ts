import { copyFile, mkdir, readFile, truncate, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { parseSettings, type ReleaseSettings } from "../../src/config.js";
import { formats } from "../../src/oci/formats.js";
import { blobPath, openLayoutArchive } from "../../src/oci/layout.js";
import { writeLayoutArchive } from "../../src/oci/layout-writer.js";
import { type Descriptor, digestOf, mediaTypes } from "../../src/oci/manifest.js";
import type { ImageVariant } from "../../src/oci/source.js";
import { Phases } from "../../src/phases.js";
import type { Repository } from "../../src/registry/reference.js";
import { verifyImage } from "../../src/registry/verify.js";
import { assembleRelease } from "../../src/release/assemble.js";
import type { BuiltRelease } from "../../src/release/built.js";
import { joinArchives } from "../../src/release/join.js";
import { release } from "../../src/release/release.js";
import { stageRelease } from "../../src/release/stage.js";
import { readRef } from "../../src/tags/ref.js";
import { makeClient } from "../support/client.js";
import { dockerfileOf } from "../support/dockerfile.js";
import { makeArchive } from "../support/image-base.js";
import { type Layout, readLayout } from "../support/layout.js";
import type { ProxiedRegistry } from "../support/proxied-registry.js";
import { useRegistryPair } from "../support/registry-pair.js";
import { makeTagRequest } from "../support/tag-request.js";
import { makeTemporaryDirectory } from "../support/temporary-directory.js";
import { messageThrownBy } from "../support/thrown.js";
import { tinyProgram } from "../support/tiny-program.js";

const platforms = ["linux/amd64", "linux/arm64"];
const names: Readonly<Record<string, string>> = { "linux/amd64": "amd64.tar", "linux/arm64": "arm64.tar" };
const defaults = parseSettings(JSON.stringify({ release: { annotations: { title: "hello" } } })).release;
const dockerfile =
  'FROM scratch\nARG TARGETARCH VERSION\nLABEL v=$VERSION\nCOPY linux/$TARGETARCH/hello /app\nENTRYPOINT ["/app"]\n';
const { path: root } = makeTemporaryDirectory();
const binaries = join(root, "binaries");
const trigger = (ref = "refs/tags/v1.2.3") => readRef(ref, { mainBranch: "main", preRelease: false });

let first: ProxiedRegistry;
let second: ProxiedRegistry;

beforeAll(async () => {
  await mkdir(binaries);
  for (const architecture of ["amd64", "arm64"] as const)
    await writeFile(join(binaries, `hello_linux_${architecture}`), tinyProgram(architecture), {
      mode: 0o755,
    });
  for (const platform of platforms) await archive(platform);
});
useRegistryPair((...pair) => {
  [first, second] = pair;
});

/** Builds as release and build-platform do. */
async function build(settings: Partial<ReleaseSettings>, ref?: string): Promise<BuiltRelease> {
  const staged = await stageRelease({
    settings: { ...defaults, ...settings },
    trigger: trigger(ref),
    revision: "abc",
    binaries,
    dockerfile: dockerfileOf(dockerfile),
    loadSource: async () => undefined,
    workspace: makeTemporaryDirectory().path,
  });
  return assembleRelease(staged, { client: makeClient(), sourceDateEpoch: 0 });
}

async function archive(platform: string, name = names[platform] ?? "", ref?: string): Promise<void> {
  const { pack } = await build({ platforms: [platform] }, ref);
  await writeLayoutArchive(await pack(), join(root, name));
}

/** Settings whose image says its name. */
function labelled(name: string): ReleaseSettings["labels"] {
  return parseSettings(JSON.stringify({ release: { labels: { image: name } } })).release.labels;
}

/** A directory with copies of archives, under the names given. */
async function directoryOf(files: Readonly<Record<string, string>>): Promise<string> {
  const { path } = makeTemporaryDirectory();
  for (const [name, from] of Object.entries(files)) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await copyFile(join(root, from), join(path, name));
  }
  return path;
}

const whole = { "amd64.tar": "amd64.tar", "arm64.tar": "arm64.tar" };

async function joined(
  directory: string,
  settings: Partial<ReleaseSettings> = {},
  ref?: string,
): Promise<BuiltRelease> {
  const description = { settings: { ...defaults, ...settings }, trigger: trigger(ref) };
  const [built] = await joinArchives(directory, [description]);
  return built as BuiltRelease;
}

/** Archives of two images of one release, by their names. */
async function joinedTwo(directory: string): Promise<BuiltRelease[]> {
  const descriptions = ["app", "alpine"].map((name) => ({
    settings: { ...defaults, name },
    trigger: trigger(),
  }));
  return joinArchives(directory, descriptions);
}

async function publish(repositories: readonly Repository[], directory: string, settings = {}) {
  const image = {
    ...(await joined(directory, settings)),
    tags: makeTagRequest("refs/tags/v1.2.3"),
    targets: repositories.map((repository) => ({ repository, latest: "highest" as const })),
  };
  return release({
    client: makeClient(),
    phases: new Phases(() => 0),
    images: [image],
    firstPublish: false,
    skipPush: false,
  });
}

describe("archives of several images", () => {
  const ofBoth = { "app/amd64.tar": "app-amd64.tar", "app/arm64.tar": "app-arm64.tar" };
  const others = { "alpine/amd64.tar": "alpine-amd64.tar", "alpine/arm64.tar": "alpine-arm64.tar" };

  beforeAll(async () => {
    for (const name of ["app", "alpine"])
      for (const platform of platforms) {
        const { pack } = await build({ platforms: [platform], name, labels: labelled(name) });
        await writeLayoutArchive(await pack(), join(root, `${name}-${names[platform]}`));
      }
  });

  it("are told apart by what they say, wherever they lie", async () => {
    const [app, alpine] = await joinedTwo(await directoryOf({ ...others, ...ofBoth }));
    expect(Object.keys(app?.image ?? {})).toEqual(platforms);
    expect(Object.keys(alpine?.image ?? {})).toEqual(platforms);
    expect(app?.image).not.toEqual(alpine?.image);
    expect(app?.image).toEqual((await build({ name: "app", labels: labelled("app") })).image);
  });

  it.each<[string, Record<string, string>, string]>([
    ["one image is missing", ofBoth, "no whole set of image alpine for linux/amd64, linux/arm64"],
    [
      "one is of a release with one image",
      { ...ofBoth, ...others, "amd64.tar": "amd64.tar" },
      "amd64.tar: is of a release with one image, and expected is image app",
    ],
  ])("are refused where %s", async (_, files, message) => {
    const directory = await directoryOf(files);
    await expect(joinedTwo(directory)).rejects.toThrow(message);
  });

  it("are no archives of a release with one image", async () => {
    await expect(joined(await directoryOf(ofBoth))).rejects.toThrow("is of image app");
  });
});

const indexDigestOf = async ({ pack }: BuiltRelease) => (await pack()).index.descriptor.digest;
const writes = ({ proxy }: ProxiedRegistry) =>
  proxy.requests.filter(({ method }) => method !== "GET" && method !== "HEAD");

describe("archives of all platforms", () => {
  it.each<[string, Record<string, string>]>([
    ["side by side", whole],
    ["in another order", { "1.tar": "arm64.tar", "2.tar": "amd64.tar" }],
    [
      "in directories of their own, beside other files",
      {
        "image-arm64/a.tar": "arm64.tar",
        "image-amd64/a.tar": "amd64.tar",
        "a/b/deeper.tar": "amd64.tar",
        note: "amd64.tar",
      },
    ],
  ])("are the image that one call builds: %s", async (_, files) => {
    const one = await build({ platforms: ["linux/amd64", "linux/arm64"] });
    const together = await joined(await directoryOf(files));
    expect(together.image).toEqual(one.image);
    expect(await indexDigestOf(together)).toBe(await indexDigestOf(one));
  });

  it("are that image with Docker's media types as well", async () => {
    const docker = { mediaTypes: "docker" } as const;
    const together = await joined(await directoryOf(whole), docker);
    const packed = await together.pack();
    expect(packed.index.descriptor.mediaType).toBe(mediaTypes.dockerIndex);
    expect(packed.index.descriptor.digest).toBe(await indexDigestOf(await build(docker)));
  });

  it.each([{}, { mediaTypes: "docker" }])(
    "are published to two registries, and joining them again sends nothing: %j",
    async (settings) => {
      const repositories = [first.repository(), second.repository()];
      const directory = await directoryOf(whole);
      const { markdown } = await publish(repositories, directory, settings);
      expect(markdown.match(/\| pushed, /g)).toHaveLength(2);
      for (const repository of repositories) {
        const { variants } = await verifyImage(makeClient(), repository, "1.2.3", { platforms });
        expect(variants.map(({ labels }) => labels.v)).toEqual(["1.2.3", "1.2.3"]);
      }
      for (const { proxy } of [first, second]) proxy.clear();
      const again = await publish(repositories, directory, settings);
      expect(again.markdown.match(/\| existed \|/g)).toHaveLength(2);
      for (const at of [first, second]) expect(writes(at)).toEqual([]);
    },
  );

  it("publish one platform where only that is asked for", async () => {
    const repository = first.repository();
    await publish([repository], await directoryOf({ "a.tar": "arm64.tar" }), { platforms: ["linux/arm64"] });
    await verifyImage(makeClient(), repository, "1.2.3", { platforms: ["linux/arm64"] });
  });
});

/** What an archive holds, to be changed. */
interface Contents {
  layout: Layout;
  /** Descriptor of the manifest of the platform. */
  manifest: Descriptor;
  config: { rootfs: { diff_ids: string[] } };
  layers: Descriptor[];
}

/** Archives of which one was changed; what is returned, if anything, gets a manifest and an index that are right about it. */
async function change(
  act: (contents: Contents) => Partial<Pick<Contents, "config" | "layers">>,
): Promise<string> {
  const directory = await directoryOf(whole);
  const path = join(directory, "arm64.tar");
  const layout = await readLayout(path);
  const { variants, annotations } = await openLayoutArchive(path);
  const [{ descriptor, manifest }] = variants as [ImageVariant];
  const config = JSON.parse(`${layout.files.get(blobPath(manifest.config.digest))}`);
  const changed = act({ layout, manifest: descriptor, config, layers: manifest.layers });
  if (Object.keys(changed).length > 0) {
    const stored = {
      ...manifest,
      config: layout.add(changed.config ?? config, mediaTypes.config),
      layers: changed.layers ?? manifest.layers,
    };
    const listed = { ...descriptor, ...layout.add(stored, mediaTypes.manifest) };
    const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [listed], annotations };
    layout.setRoots(layout.add(index, mediaTypes.index));
  }
  await layout.write(path);
  return directory;
}

describe("archives are refused before any request", () => {
  const zeros = `sha256:${"0".repeat(64)}`;
  const damage = async (change: (path: string) => Promise<void>) => {
    const directory = await directoryOf(whole);
    await change(join(directory, "arm64.tar"));
    return directory;
  };
  it.each<[string, () => Promise<string>, RegExp]>([
    [
      "without one platform",
      () => directoryOf({ "amd64.tar": "amd64.tar" }),
      /\n- linux\/arm64: no archive; there are amd64\.tar for linux\/amd64\n/,
    ],
    [
      "with one of another version",
      async () => {
        await archive("linux/arm64", "older.tar", "refs/tags/v1.2.2");
        return directoryOf({ "amd64.tar": "amd64.tar", "x/arm64.tar": "older.tar" });
      },
      /\n- x\/arm64\.tar: is of version 1\.2\.2, and --ref of version 1\.2\.3\n/,
    ],
    [
      "with something else",
      () => damage((path) => writeFile(path, "no archive")),
      /^arm64\.tar: expected a whole archive, got "one that ends 502 bytes early"\.$/,
    ],
    [
      "with one that is cut short",
      () => damage((path) => truncate(path, 5 * 512)),
      /^arm64\.tar: expected an OCI image layout with blobs\/sha256\/\w+, got /,
    ],
    [
      "with one that is cut short within a file",
      () => damage((path) => truncate(path, 5 * 512 - 1)),
      /^arm64\.tar: expected a whole archive, got "one that ends \d+ bytes early"\.$/,
    ],
    [
      "with one whose layer was damaged",
      () =>
        damage(async (path) => {
          const bytes = await readFile(path);
          // The magic of gzip, which only a layer begins with.
          const at = bytes.indexOf(Buffer.from("1f8b0800", "hex"));
          bytes.writeUInt8(0xff, at + 40);
          await writeFile(path, bytes);
        }),
      /^arm64\.tar: layer sha256:\w+(?:: expected a whole layer, got "| of \d+ bytes arrived as )/,
    ],
    [
      "with one whose last layer was exchanged for another of its size",
      () =>
        change(({ layers, layout }) => {
          const path = blobPath(layers.at(-1)?.digest ?? "");
          const bytes = Buffer.from(layout.files.get(path) ?? "");
          // In the header of gzip: the time, which changes nothing of what it holds.
          bytes.writeUInt8(1, 4);
          layout.files.set(path, bytes);
          return {};
        }),
      /^arm64\.tar: layer sha256:(\w+) of (\d+) bytes arrived as \2 bytes of sha256:(?!\1)\w+\. Get it again;/,
    ],
    [
      "with diff IDs of other layers",
      () => change(({ config }) => ({ config: { ...config, rootfs: { diff_ids: [zeros] } } })),
      /^arm64\.tar: layer sha256:\w+: its archive is sha256:\w+, where the configuration says sha256:0+: nobody can unpack that image\./,
    ],
    [
      "with diff IDs in another order",
      () =>
        change(({ config, layers, layout }) => {
          const bytes = gzipSync(makeArchive([{ path: "second" }]));
          const second = layout.add(bytes, formats.oci.layers.gzip ?? "");
          const diff_ids = [digestOf(makeArchive([{ path: "second" }])), ...config.rootfs.diff_ids];
          return { config: { ...config, rootfs: { diff_ids } }, layers: [...layers, second] };
        }),
      /^arm64\.tar: layer sha256:\w+: its archive is sha256:/,
    ],
    [
      "without diff IDs",
      () => change(({ config }) => ({ config: { ...config, rootfs: { diff_ids: [] } } })),
      /^arm64\.tar: image configuration: expected as many diff IDs as layers, 1, got 0\.$/,
    ],
    [
      "with a layer that is no archive",
      () =>
        change(({ config, layout }) => {
          const bytes = Buffer.from("this is no archive\n".repeat(100));
          const layer = layout.add(gzipSync(bytes), formats.oci.layers.gzip ?? "");
          return { config: { ...config, rootfs: { diff_ids: [digestOf(bytes)] } }, layers: [layer] };
        }),
      /^arm64\.tar: layer sha256:\w+: expected a tar archive, got "a block that is no header"\.$/,
    ],
    [
      "with a layer of another size",
      () => change(({ layers }) => ({ layers: layers.map((layer) => ({ ...layer, size: layer.size + 1 })) })),
      /^arm64\.tar: layer sha256:\w+ of \d+ bytes arrived as \d+ bytes of /,
    ],
    [
      "with a manifest that is not of its digest",
      () =>
        change(({ layout, manifest }) => {
          layout.files.set(blobPath(manifest.digest), Buffer.from("{}"));
          return {};
        }),
      /^arm64\.tar: blob sha256:(\w+) of \d+ bytes is 2 bytes of sha256:(?!\1)\w+\. Hand the archive over again, or build it again\.$/,
    ],
    [
      "with two images",
      () =>
        change(({ layout }) => {
          layout.more.push({ path: "./index.json", content: "{}" });
          return {};
        }),
      /^arm64\.tar: expected every file once, got "index\.json twice"\.$/,
    ],
  ])("%s", async (_, directory, message) => {
    expect(await messageThrownBy(async () => publish([first.repository()], await directory()))).toMatch(
      message,
    );
    expect(first.proxy.requests).toEqual([]);
  });
});
