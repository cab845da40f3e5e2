import { execFile } from "node:child_process";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { assembleVariant } from "../../src/dockerfile/assemble.js";
import { parseDockerfile } from "../../src/dockerfile/dockerfile.js";
import { packImage } from "../../src/dockerfile/pack.js";
import { openBase } from "../../src/layer/base.js";
import { openLayoutArchive } from "../../src/oci/layout.js";
import { writeLayoutArchive } from "../../src/oci/layout-writer.js";
import { digestOf } from "../../src/oci/manifest.js";
import { parsePlatform } from "../../src/oci/platform.js";
import type { ContentSource, PublishableImage } from "../../src/oci/source.js";
import { RegistryClient } from "../../src/registry/client.js";
import { pushImage } from "../../src/registry/publish.js";
import { parseRepository } from "../../src/registry/reference.js";
import { pushRetry } from "../../src/registry/retry.js";
import { createFetch } from "../../src/registry/transport.js";
import { verifyImage } from "../../src/registry/verify.js";
import { crane } from "../support/image-crane.js";
import { openContext, writeFiles } from "../support/image-files.js";
import { type RunningRegistry, startCraneRegistry, startRegistry } from "../support/registry.js";
import { makeTemporaryDirectory } from "../support/temporary-directory.js";

const directory = makeTemporaryDirectory();
const platforms = ["linux/amd64", "linux/arm64"];
const annotations = {
  "org.opencontainers.image.title": "hello",
  "org.opencontainers.image.version": "1.2.3",
};
const client = new RegistryClient({
  fetch: createFetch({ routes: {} }),
  credentials: new Map(),
  plainHttp: [],
  push: [],
  pushRetry: { ...pushRetry, attempts: 1 },
});

let image: PublishableImage;
let archive: string;

beforeAll(async () => {
  const context = join(directory.path, "context");
  await writeFiles(context, {
    "linux/amd64/hello": { content: "amd64".repeat(50_000), mode: 0o755 },
    "linux/arm64/hello": { content: "arm64".repeat(50_000), mode: 0o755 },
    LICENSE: "license",
  });
  image = await makeRelease("FROM scratch");
  archive = join(directory.path, "image.tar");
  await writeLayoutArchive(image, archive, "example.test/hello:1.2.3");
});
afterAll(() => directory.remove());

/** Assembles and packs both platforms, on a base that another image is. */
async function makeRelease(from: string, base?: { image: PublishableImage; content: ContentSource }) {
  const text = `${from}\nARG TARGETARCH\nCOPY linux/$TARGETARCH/hello /usr/bin/\nCOPY LICENSE ${base === undefined ? "/" : "/licenses/"}\nENTRYPOINT ["/usr/bin/hello"]\n`;
  const dockerfile = parseDockerfile(text, "Dockerfile.release");
  const variants = platforms.map(async (name, at) => {
    const platform = parsePlatform(name);
    const manifest = base?.image.variants[at]?.manifest;
    return assembleVariant({
      dockerfile,
      context: openContext(join(directory.path, "context"), "Dockerfile.release"),
      target: { platform, buildArgs: {} },
      openImage: async (reference) => {
        if (base === undefined || manifest === undefined) throw new Error(`${reference} is not there.`);
        return openBase(base.content, manifest, platform);
      },
      created: 1_765_000_000,
      workspace: directory.path,
    });
  });
  const scratch = join(directory.path, `layers-${base === undefined ? "own" : "based"}`);
  await mkdir(scratch, { recursive: true });
  return packImage(await Promise.all(variants), {
    annotations,
    format: "oci",
    compression: "gzip",
    directory: scratch,
  });
}

describe("writeLayoutArchive", () => {
  it("writes what openLayoutArchive reads", async () => {
    const read = await openLayoutArchive(archive);
    expect(read.variants.map(({ descriptor }) => descriptor)).toEqual(
      image.variants.map(({ descriptor }) => descriptor),
    );
    for (const { manifest } of read.variants)
      for (const blob of [manifest.config, ...manifest.layers]) {
        const bytes = await read.read(blob);
        expect([digestOf(bytes), bytes.length]).toEqual([blob.digest, blob.size]);
      }
  });

  it("writes the same bytes again", async () => {
    const again = join(directory.path, "again.tar");
    await writeLayoutArchive(await makeRelease("FROM scratch"), again, "example.test/hello:1.2.3");
    expect(digestOf(await readFile(again))).toBe(digestOf(await readFile(archive)));
  });

  it("writes what the system's tar unpacks into a layout", async () => {
    const layout = join(directory.path, "layout");
    await mkdir(layout);
    await promisify(execFile)("tar", ["-xf", archive, "-C", layout]);
    expect(JSON.parse(await readFile(join(layout, "oci-layout"), "utf8"))).toEqual({
      imageLayoutVersion: "1.0.0",
    });
    expect(JSON.parse(await readFile(join(layout, "index.json"), "utf8"))).toEqual({
      schemaVersion: 2,
      manifests: [
        {
          ...image.index.descriptor,
          annotations: { "org.opencontainers.image.ref.name": "example.test/hello:1.2.3" },
        },
      ],
    });
  });
});

describe.each([
  { name: "distribution", start: () => startRegistry() },
  { name: "go-containerregistry", start: () => startCraneRegistry() },
])("in the registry of $name", ({ start }) => {
  let registry: RunningRegistry;
  beforeAll(async () => {
    registry = await start();
  });
  afterAll(() => registry?.stop());

  const push = (path: string, pushed: PublishableImage) =>
    pushImage(client, parseRepository(`${registry.address}/${path}`), pushed);

  it("is whole by our own reading and by crane's, and is sent once", async () => {
    const repository = parseRepository(`${registry.address}/test/hello`);
    const { digest } = image.index.descriptor;
    const first = await push("test/hello", image);
    expect(first.blobs).toEqual({ present: 0, mounted: 0, sent: 5 });

    const verified = await verifyImage(client, repository, digest, { digest, platforms });
    expect(verified.variants.map(({ config }) => config.digest)).toEqual(
      image.variants.map(({ manifest }) => manifest.config.digest),
    );
    const reference = `${registry.address}/test/hello@${digest}`;
    expect(await crane("validate", "--remote", reference)).toBe(`PASS: ${reference}`);
    const config = JSON.parse(await crane("config", "--platform", "linux/arm64", reference));
    expect(config).toMatchObject({ architecture: "arm64", config: { Entrypoint: ["/usr/bin/hello"] } });

    expect((await push("test/hello", image)).bytesSent).toBe(0);
  });

  it("is the same when crane pushes the layout", async () => {
    const layout = join(directory.path, `layout-${registry.address}`);
    await mkdir(layout);
    await promisify(execFile)("tar", ["-xf", archive, "-C", layout]);
    await crane("push", layout, `${registry.address}/test/layout:1`);
    expect(await crane("digest", `${registry.address}/test/layout:1`)).toBe(image.index.descriptor.digest);
  });

  it("takes the layers of its base from where they are", async () => {
    await push("test/base", image);
    const repository = parseRepository(`${registry.address}/test/base`);
    const content: ContentSource = {
      name: "test/base",
      read: (blob) => client.readBlob(repository, blob),
      open: (blob) => client.openBlob(repository, blob),
      mountableFrom: (host) => (host === repository.registry ? repository.path : undefined),
    };
    const based = await makeRelease("FROM base", { image, content });
    const transfer = await push("test/based", based);
    const { digest } = based.index.descriptor;

    for (const [at, { manifest }] of based.variants.entries())
      expect(manifest.layers.slice(0, 2)).toEqual(image.variants[at]?.manifest.layers);
    // One of the registries knows blobs by their digest alone, and has them without a mount.
    expect({ reused: transfer.blobs.mounted + transfer.blobs.present, sent: transfer.blobs.sent }).toEqual({
      reused: 3,
      sent: 3,
    });
    await verifyImage(client, parseRepository(`${registry.address}/test/based`), digest, {
      digest,
      platforms,
    });
    const reference = `${registry.address}/test/based@${digest}`;
    expect(await crane("validate", "--remote", reference)).toBe(`PASS: ${reference}`);
  });
});
