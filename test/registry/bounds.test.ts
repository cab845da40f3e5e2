import { createServer, type RequestListener } from "node:http";
import { buffer } from "node:stream/consumers";
import { setImmediate as turn } from "node:timers/promises";
import { constants, gzipSync } from "node:zlib";
import { Response } from "undici";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { type Descriptor, mediaTypes } from "../../src/oci/manifest.js";
import { bodyOf } from "../../src/registry/body.js";
import { bounds } from "../../src/registry/bounds.js";
import type { RegistryClient } from "../../src/registry/client.js";
import { Pages } from "../../src/registry/pages.js";
import type { Repository } from "../../src/registry/reference.js";
import { makeClient } from "../support/client.js";
import { sendEndlessly } from "../support/endless.js";
import { listenOnLoopback } from "../support/loopback.js";
import { errorThrownBy, messageThrownBy } from "../support/thrown.js";

const client = makeClient();
const mebibyte = 1 << 20;
const blob: Descriptor = { mediaType: "", digest: `sha256:${"0".repeat(64)}`, size: 1_000_000 };

/** A repository of a registry that answers like this. */
async function serve(answer: RequestListener): Promise<Repository> {
  const { address, stop } = await listenOnLoopback(createServer(answer));
  onTestFinished(stop);
  return { registry: address, path: "acme/app" };
}

/** A repository whose answers have this body. */
function serveBody(body: Buffer | string, headers: Record<string, string> = {}): Promise<Repository> {
  return serve((_, response) => response.writeHead(200, headers).end(body));
}

/** Time that passes when it is told to. */
function startClock() {
  let now = 0;
  const spy = vi.spyOn(performance, "now").mockImplementation(() => now);
  onTestFinished(() => spy.mockRestore());
  return {
    advance(milliseconds: number) {
      now += milliseconds;
    },
  };
}

const gzip = (body: Buffer) => gzipSync(body, { level: constants.Z_BEST_COMPRESSION });

type Read = (reader: RegistryClient, repository: Repository) => Promise<unknown>;
const reads: Record<string, { read: Read; name: string; limit: string }> = {
  manifest: {
    read: (reader, repository) => reader.getManifest(repository, "latest"),
    name: "manifests/latest",
    limit: "4194304 bytes, the most that is read of a manifest",
  },
  configuration: {
    read: (reader, repository) => reader.readBlob(repository, blob),
    name: `blobs/${blob.digest}`,
    limit: "8388608 bytes, the most that is read of an image configuration",
  },
  tags: {
    read: (reader, repository) => reader.listTags(repository),
    name: "tags/list",
    limit: "33554432 bytes, the most that is read of a page of tags",
  },
  referrers: {
    read: (reader, repository) => reader.listReferrers(repository, blob.digest),
    name: `referrers/${blob.digest}`,
    limit: "8388608 bytes, the most that is read of such an answer",
  },
};
const cases = Object.keys(reads);

describe.each(cases)("the answer to a question for %s", (kind) => {
  const { read, name, limit } = reads[kind] as (typeof reads)[string];
  const tooLarge = ({ registry }: Repository) =>
    `${registry}/acme/app: GET ${name}: the answer is larger than ${limit}.`;

  it("may have no end", async () => {
    const repository = await serve((_, response) => sendEndlessly(response, Buffer.alloc(1 << 16, " ")));
    expect(await messageThrownBy(() => read(client, repository))).toBe(tooLarge(repository));
  });

  it("may be small and become large", async () => {
    const repository = await serveBody(gzip(Buffer.alloc(64 * mebibyte, " ")), {
      "content-encoding": "gzip",
    });
    expect(await messageThrownBy(() => read(client, repository))).toBe(tooLarge(repository));
  });

  it("may come a byte now and then", async () => {
    const clock = startClock();
    const repository = await serve(async (_, response) => {
      response.flushHeaders();
      while (!response.closed) {
        response.write(" ");
        await turn();
        clock.advance(300);
      }
    });
    expect(await errorThrownBy(() => read(client, repository))).toMatchObject({
      message: `${repository.registry}/acme/app: GET ${name}: the answer is not complete after 60 s. Gave up after 5 attempts.`,
      failure: "unreachable",
      transient: true,
    });
  });
});

describe("an answer that is no success", () => {
  it.each(cases)("may explain itself without an end: %s", async (kind) => {
    const repository = await serve((_, response) =>
      sendEndlessly(response.writeHead(403), "no ".repeat(10_000)),
    );
    expect(await messageThrownBy(() => reads[kind]?.read(client, repository))).toMatch(
      /answered 403 \((no )+…\)\. No cred/,
    );
  });

  it("may be absence without an end", async () => {
    const repository = await serve((_, response) =>
      sendEndlessly(response.writeHead(404), "no ".repeat(10_000)),
    );
    expect(await client.getManifest(repository, "latest")).toBeUndefined();
    expect(await client.listTags(repository)).toBeUndefined();
  });

  it("may be a token service's", async () => {
    const repository = await serve((request, response) => {
      if (request.url?.startsWith("/token") === true)
        return void sendEndlessly(response, Buffer.alloc(1 << 16, " "));
      const realm = `http://${request.headers.host}/token`;
      response.writeHead(401, { "www-authenticate": `Bearer realm="${realm}"` }).end();
    });
    expect(await messageThrownBy(() => client.getManifest(repository, "latest"))).toBe(
      `${repository.registry}: its token service: the answer is larger than 8388608 bytes, the most that is read of such an answer.`,
    );
  });
});

it("is not waited for where it never brings anything, as from a decoder that is fed without an end", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const said = messageThrownBy(() => bodyOf(new Response(new ReadableStream()), "it", bounds.answer));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(await said).toBe("it: the answer stalled for 60 s.");
});

describe("a manifest", () => {
  it("of 4 MiB is read", async () => {
    const body = Buffer.alloc(4 * mebibyte, " ");
    const repository = await serveBody(body, { "content-type": mediaTypes.manifest });
    expect((await client.getManifest(repository, "latest"))?.bytes.equals(body)).toBe(true);
  });
});

describe("a blob that is streamed", () => {
  const open = async (repository: Repository) => buffer(await client.openBlob(repository, blob));

  it("is not larger than it is listed with", async () => {
    const repository = await serve((_, response) => sendEndlessly(response, Buffer.alloc(1 << 16)));
    expect(await messageThrownBy(() => open(repository))).toBe(
      `${repository.registry}/acme/app: GET blobs/${blob.digest}: the answer is larger than the 1000000 bytes that it is listed with.`,
    );
  });

  it.each([
    ["a byte each second is refused", 1, "the answer brings less than 1000 bytes a second."],
    ["slow may take minutes", 5_000, undefined],
  ])("%s", async (_, bytes, said) => {
    const clock = startClock();
    const repository = await serve(async (_, response) => {
      response.flushHeaders();
      for (let sent = 0; sent < blob.size && !response.closed; sent += bytes) {
        response.write(Buffer.alloc(bytes));
        await turn();
        clock.advance(1_000);
      }
      response.end();
    });
    const message = await messageThrownBy(() => open(repository));
    if (said === undefined) expect(message).toBe("no SlipwayError: nothing was thrown");
    else expect(message).toBe(`${repository.registry}/acme/app: GET blobs/${blob.digest}: ${said}`);
  });
});

describe("a list", () => {
  it("may have 125,000 tags on one page", async () => {
    const tags = Array.from({ length: 125_000 }, (_, at) => `t${at}`);
    const repository = await serveBody(JSON.stringify({ tags }));
    expect(await client.listTags(repository)).toEqual(tags);
  });

  it.each<[string, string, string]>([
    [
      "values without an end",
      `{"tags":[${"0,".repeat(1_000_000)}0]}`,
      "the answer is more than JSON of at most 1000000 values.",
    ],
    [
      "numbers",
      `{"tags":[${"0,".repeat(900_000)}0]}`,
      `the answer is not the protocol's JSON. It says: {"tags":[${"0,".repeat(35)}0….`,
    ],
    [
      "lists in lists",
      `{"tags":${"[".repeat(200_000)}`,
      "the answer is more than JSON nested at most 100 deep.",
    ],
  ])("has no %s", async (_, body, said) => {
    const repository = await serveBody(body);
    expect(await messageThrownBy(() => client.listTags(repository))).toBe(
      `${repository.registry}/acme/app: GET tags/list: ${said}`,
    );
  });

  it.each([
    ["to itself", '<?n=1000>; rel="next"'],
    ["to an earlier page", '</v2/acme/app/tags/list?last=a>; rel="next"'],
  ])("does not lead %s", async (_, link) => {
    let asked = 0;
    const repository = await serve((_, response) => {
      asked += 1;
      response.writeHead(200, { link }).end('{"tags":["a"]}');
    });
    expect(await messageThrownBy(() => client.listTags(repository))).toBe(
      `${repository.registry}/acme/app: GET tags/list: the list leads back to a page that was read, so it is not read to its end.`,
    );
    expect(asked).toBe(2);
  });

  it("does not always have as many tags as are asked for", async () => {
    const repository = await serve((request, response) => {
      const { searchParams } = new URL(request.url ?? "", "http://registry");
      response.end(JSON.stringify({ tags: Array(Number(searchParams.get("n"))).fill("a") }));
    });
    expect(await messageThrownBy(() => client.listTags(repository))).toContain("leads back to a page");
  });

  it("has an end", () => {
    const pages = () => new Pages("it");
    const many = () => {
      const list = pages();
      for (let at = 0; at <= 10_000; at += 1) list.ask(String(at));
    };
    expect(many).toThrow("it: the list has more than 10000 pages, so it is not read to its end.");
    expect(() => pages().count(1_000_001)).toThrow("it: the list has more than 1000000 entries");
  });
});
