import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RegistryError } from "../../src/errors.js";
import { makeClient, seed } from "../support/client.js";
import { describeBytes, joinVariants, makeVariant } from "../support/image.js";
import { type RunningRegistry, startCraneRegistry, startRegistry } from "../support/registry.js";
import { errorThrownBy } from "../support/thrown.js";

const client = makeClient();
const variant = makeVariant({ platform: "linux/amd64", layers: ["layer"] });
const image = joinVariants([variant]);
const { config } = variant.manifest;

describe.each([
  ["distribution", startRegistry],
  ["the registry of go-containerregistry", startCraneRegistry],
])("RegistryClient at %s", (_name, start) => {
  let registry: RunningRegistry;
  const repository = (path: string) => ({ registry: registry.address, path });

  beforeAll(async () => {
    registry = await start();
    await seed(repository("acme/ci"), image, "1", "2", "latest");
  });
  afterAll(() => registry?.stop());

  it.each([
    ["a tag", "latest"],
    ["a digest", image.index.descriptor.digest],
  ])("reads a manifest by %s", async (_, name) => {
    const { mediaType, digest, size } = image.index.descriptor;
    expect(await client.headManifest(repository("acme/ci"), name)).toEqual({ mediaType, digest, size });
    expect(await client.getManifest(repository("acme/ci"), name)).toEqual({
      descriptor: { mediaType, digest, size },
      bytes: image.index.bytes,
    });
  });

  it.each([
    ["an absent tag", "acme/ci", "3"],
    ["an absent digest", "acme/ci", `sha256:${"0".repeat(64)}`],
    ["a repository that was never pushed to", "acme/new", "latest"],
  ])("answers undefined for %s", async (_, path, name) => {
    expect(await client.headManifest(repository(path), name)).toBeUndefined();
    expect(await client.getManifest(repository(path), name)).toBeUndefined();
  });

  it("reads blobs, whole and as a stream", async () => {
    expect(await client.blobSize(repository("acme/ci"), config)).toBe(config.size);
    const whole = await client.readBlob(repository("acme/ci"), config);
    const streamed = await (await client.openBlob(repository("acme/ci"), config)).toArray();
    expect(whole).toEqual(variant.blobs.get(config.digest));
    expect(Buffer.concat(streamed)).toEqual(whole);
  });

  it("tells an absent blob", async () => {
    const absent = describeBytes(Buffer.from("absent"));
    expect(await client.blobSize(repository("acme/ci"), absent)).toBeUndefined();
    expect(await errorThrownBy(() => client.readBlob(repository("acme/ci"), absent))).toMatchObject({
      failure: "not-found",
      status: 404,
      message: expect.stringContaining(
        `${registry.address}/acme/ci: GET blobs/${absent.digest}: the registry`,
      ),
    });
  });

  it("lists tags", async () => {
    expect((await client.listTags(repository("acme/ci")))?.sort()).toEqual(["1", "2", "latest"]);
    expect(await client.listTags(repository("acme/new"))).toBeUndefined();
  });

  it("says what the registry said about a manifest that it does not take", async () => {
    const { descriptor, bytes } = joinVariants([
      makeVariant({ platform: "linux/arm64", layers: ["absent"] }),
    ]).index;
    const error = await errorThrownBy(() =>
      client.putManifest(repository("acme/ci"), "3", { descriptor, bytes }),
    );
    expect(error).toBeInstanceOf(RegistryError);
    expect(error).toHaveProperty(
      "message",
      expect.stringMatching(
        /\/acme\/ci: PUT manifests\/3: the registry answered 40[04] \(MANIFEST_.*\)\.( Gave up after 3 attempts\.)?$/,
      ),
    );
    expect(await client.headManifest(repository("acme/ci"), "3")).toBeUndefined();
  });
});
