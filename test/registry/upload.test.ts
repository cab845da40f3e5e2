import { Readable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { PublishableImage } from "../../src/oci/source.js";
import { pushImage } from "../../src/registry/publish.js";
import { Upload, type UploadProgress } from "../../src/registry/upload.js";
import { makeClient, seed } from "../support/client.js";
import type { Fault } from "../support/fault-proxy.js";
import { describeBytes, joinVariants, makeVariant } from "../support/image.js";
import { type ProxiedRegistry, startProxiedRegistry } from "../support/proxied-registry.js";
import { messageThrownBy } from "../support/thrown.js";

const layer = Buffer.alloc(300_000, 7);
const amd64 = makeVariant({ platform: "linux/amd64", layers: [layer, "own"] });
const whole = joinVariants([amd64]);
/** Its blobs come in parts, as files do. */
const image: PublishableImage = {
  ...whole,
  content: {
    ...whole.content,
    open: async (blob) => {
      const bytes = await whole.content.read(blob);
      const parts = Array.from({ length: Math.ceil(bytes.length / 65_536) }, (_, at) =>
        bytes.subarray(at * 65_536, (at + 1) * 65_536),
      );
      return Readable.from(parts, { objectMode: false });
    },
  },
};
const config = amd64.manifest.config.size;
const total = layer.length + 3 + config;

let at: ProxiedRegistry;

beforeAll(async () => {
  at = await startProxiedRegistry();
});
afterAll(() => at?.stop());
beforeEach(() => at.proxy.clear());

describe("pushImage tells", () => {
  /** The progress of an upload to a new repository, where the first PUTs meet these faults. */
  async function pushing(faults: Fault[] = [], there: readonly (Buffer | string)[] = []) {
    const repository = at.repository();
    if (there.length > 0)
      await seed(
        at.direct(repository),
        joinVariants([makeVariant({ platform: "linux/386", layers: there })]),
      );
    at.proxy.setFault(({ method, path }) =>
      method === "PUT" && path.includes("/blobs/") ? faults.shift() : undefined,
    );
    const told: UploadProgress[] = [];
    const client = makeClient({ onProgress: (progress) => told.push(progress) });
    const error = await messageThrownBy(() => pushImage(client, repository, image)).catch(() => undefined);
    const names = new Set(told.map((progress) => progress.repository));
    expect(names).toEqual(new Set([`${repository.registry}/${repository.path}`]));
    return { told, last: told.at(-1), error };
  }

  it.each<[string, Fault[], number]>([
    ["every byte once", [], total],
    ["no byte twice where a body broke off", [{ kind: "interrupted-request", afterBytes: 2 }], total],
    [
      "no byte twice where all of it was sent and refused",
      Array(3).fill({ kind: "answer", status: 503 }),
      total,
    ],
  ])("%s", async (_, faults, bytes) => {
    const { told, last } = await pushing(faults);
    expect(last).toMatchObject({ bytesSent: bytes, bytesTotal: bytes, ended: true });
    expect(Math.max(...told.map(({ bytesSent }) => bytesSent))).toBe(bytes);
    expect(told.filter(({ ended }) => ended)).toHaveLength(1);
  });

  it("what is there already as no part of the whole", async () => {
    const { last } = await pushing([], [layer]);
    expect(last).toMatchObject({ bytesSent: 3 + config, bytesTotal: 3 + config, ended: true });
  });

  it("the bytes as they go, and not at the end of each blob", async () => {
    const { told } = await pushing();
    // The five parts of the layer, the other layer and the configuration.
    expect(new Set(told.map(({ bytesSent }) => bytesSent)).size).toBe(8);
  });

  it("the end of an upload that failed", async () => {
    const { last, error } = await pushing(Array(20).fill({ kind: "answer", status: 400 }));
    expect(error).toContain("answered 400");
    expect(last).toMatchObject({ ended: true, bytesTotal: total });
  });

  it("that nothing is sent where the image is there", async () => {
    const repository = at.repository();
    await pushImage(makeClient(), repository, image);
    const told: UploadProgress[] = [];
    await pushImage(makeClient({ onProgress: (progress) => told.push(progress) }), repository, image);
    expect(told.filter(({ bytesSent }) => bytesSent > 0)).toEqual([]);
    expect(told.at(-1)).toMatchObject({ bytesTotal: 0, ended: true });
  });
});

describe("a blob that is opened for an upload", () => {
  const blob = describeBytes(layer);
  const opening = (source: Readable) => new Upload("a/b", [blob], () => {}).open(blob, async () => source);

  function endless(onRead: () => unknown): Readable {
    const parts = async function* () {
      for (; ; onRead()) yield layer;
    };
    return Readable.from(parts(), { objectMode: false });
  }

  it("is read no faster than it is sent", async () => {
    let read = 0;
    const opened = await opening(endless(() => (read += layer.length)));
    for (let turn = 0; turn < 100; turn += 1) await setImmediate();
    expect(read).toBeLessThan(5 * layer.length);
    opened.destroy();
  });

  it("closes its source where nobody reads it", async () => {
    const source = endless(() => {});
    (await opening(source)).destroy();
    await setImmediate();
    expect(source.destroyed).toBe(true);
  });

  it("fails as its source does", async () => {
    const failing = async function* () {
      yield layer;
      throw new Error("broke off");
    };
    const opened = await opening(Readable.from(failing(), { objectMode: false }));
    await expect(opened.toArray()).rejects.toThrow("broke off");
  });
});
