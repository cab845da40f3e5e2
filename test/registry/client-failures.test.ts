import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { RegistryError } from "../../src/errors.js";
import { mediaTypes } from "../../src/oci/manifest.js";
import type { RegistryClient } from "../../src/registry/client.js";
import { makeClient, seed } from "../support/client.js";
import { type Fault, type FaultProxy, startFaultProxy } from "../support/fault-proxy.js";
import { describeBytes, joinVariants, makeVariant } from "../support/image.js";
import { type RunningRegistry, startRegistry } from "../support/registry.js";
import { errorThrownBy, messageThrownBy } from "../support/thrown.js";

const client = makeClient();
const variant = makeVariant({ platform: "linux/amd64", layers: ["layer"] });
const image = joinVariants([variant]);
const { config } = variant.manifest;

describe("RegistryClient, through a proxy", () => {
  let registry: RunningRegistry;
  let proxy: FaultProxy;
  const repository = () => ({ registry: proxy.address, path: "acme/ci" });

  beforeAll(async () => {
    registry = await startRegistry();
    proxy = await startFaultProxy(registry.address);
    await seed({ registry: registry.address, path: "acme/ci" }, image, "latest");
  });
  afterAll(async () => {
    await proxy?.stop();
    await registry?.stop();
  });
  beforeEach(() => proxy.clear());

  /** Does this to the first requests, one after the other, and nothing to the others. */
  const inTurn = (...faults: (Fault | undefined)[]) => proxy.setFault(() => faults.shift());
  const always = (status: number, body = "", headers: Record<string, string> = {}) =>
    proxy.setFault(() => ({ kind: "answer", status, headers, body }));
  const asked = () => proxy.requests.map(({ method, path }) => `${method} ${path}`);

  const denied = '{"errors":[{"code":"DENIED","message":"permission_denied:\\nread_package"}]}';
  const secondary = '{"message":"You have exceeded a secondary rate limit."}';
  const credentials = () =>
    `No credentials were given for ${proxy.address}: pass --docker-config, or with-registry-auth --address ${proxy.address}.`;
  it.each<[number, string, Record<string, string>, object, number, () => string]>([
    [401, "", {}, { failure: "unauthorized" }, 1, () => `401. ${credentials()}`],
    [
      403,
      denied,
      {},
      { failure: "denied" },
      1,
      () => `403 (DENIED: permission_denied: read_package). ${credentials()}`,
    ],
    [
      403,
      secondary,
      {},
      { failure: "rate-limited" },
      5,
      () => "403 (You have exceeded a secondary rate limit). Gave up after 5 attempts.",
    ],
    [
      429,
      "",
      { "retry-after": "600" },
      { failure: "rate-limited", retryAfter: 600_000 },
      1,
      () => "429. It asks to wait 10 min, more than the 2 min that are waited at most.",
    ],
    [
      429,
      "",
      { "retry-after": "12.5ms" },
      { failure: "rate-limited" },
      5,
      () => "429. Gave up after 5 attempts.",
    ],
    [
      500,
      "<html>",
      {},
      { failure: "unavailable" },
      5,
      () => "500 (a page of HTML). Gave up after 5 attempts.",
    ],
    [502, "", {}, { failure: "unavailable" }, 5, () => "502. Gave up after 5 attempts."],
    [503, "", { "retry-after": "1" }, { failure: "unavailable" }, 5, () => "503. Gave up after 5 attempts."],
    [504, "", {}, { failure: "unavailable" }, 5, () => "504. Gave up after 5 attempts."],
    [400, "{}", {}, { failure: "invalid" }, 1, () => "400."],
    [405, "", {}, { failure: "invalid" }, 1, () => "405."],
    [204, "", {}, { failure: "invalid" }, 1, () => "204."],
  ])(
    "takes %i %j %j for an error and not for absence",
    async (status, body, headers, failure, attempts, said) => {
      always(status, body, headers);
      const error = await errorThrownBy(() => client.getManifest(repository(), "latest"));
      expect(error).toBeInstanceOf(RegistryError);
      expect(error).toMatchObject({ status, ...failure });
      expect(error).toHaveProperty(
        "message",
        `${proxy.address}/acme/ci: GET manifests/latest: the registry answered ${said()}`,
      );
      expect(asked()).toEqual(Array(attempts).fill("GET /v2/acme/ci/manifests/latest"));
    },
  );

  const reads: [string, (client: RegistryClient) => Promise<unknown>][] = [
    ["headManifest", (reader) => reader.headManifest(repository(), "latest")],
    ["getManifest", (reader) => reader.getManifest(repository(), "latest")],
    ["blobSize", (reader) => reader.blobSize(repository(), config)],
    ["readBlob", (reader) => reader.readBlob(repository(), config)],
    ["openBlob", (reader) => reader.openBlob(repository(), config)],
    ["listTags", (reader) => reader.listTags(repository())],
  ];
  it.each(reads)("%s takes neither 401 nor 403 for absence, and a 500 only for a moment", async (_, read) => {
    for (const [status, failure] of [
      [401, "unauthorized"],
      [403, "denied"],
      [500, "unavailable"],
    ]) {
      always(Number(status));
      expect(await errorThrownBy(() => read(client))).toMatchObject({ status, failure });
    }
    inTurn({ kind: "answer", status: 500 }, { kind: "reset" });
    expect(await read(client)).toBeTruthy();
  });

  it.each([403, 405])("asks for a blob with GET where HEAD is answered %i", async (status) => {
    const absent = `sha256:${"0".repeat(64)}`;
    proxy.setFault(({ method }) => (method === "HEAD" ? { kind: "answer", status } : undefined));
    expect(await client.blobSize(repository(), config)).toBe(config.size);
    expect(await client.blobSize(repository(), { ...config, digest: absent })).toBeUndefined();
    const asks = [config.digest, absent].flatMap((digest) =>
      ["HEAD", "GET"].map((method) => `${method} /v2/acme/ci/blobs/${digest}`),
    );
    expect(asked()).toEqual(asks);
  });

  it.each(reads.filter(([name]) => ["getManifest", "readBlob", "listTags"].includes(name)))(
    "%s repeats an answer that broke off",
    async (_, read) => {
      inTurn({ kind: "interrupted-answer" }, { kind: "lost-answer" });
      expect(await read(client)).toBeTruthy();
      expect(proxy.requests).toHaveLength(3);

      proxy.setFault(() => ({ kind: "interrupted-answer" }));
      expect(await messageThrownBy(() => read(client))).toMatch(
        /: GET \S+: the answer broke off: the connection was closed .*\. Gave up after 5 attempts\.$/,
      );
    },
  );

  it("names the registry that nobody answers for", async () => {
    const gone = await startFaultProxy(registry.address);
    await gone.stop();
    const said = `${gone.address}/a: HEAD manifests/1: the connection was refused. This runs in a container: with-registry-service --host ${gone.address} --service tcp://${gone.address} leads to a registry on your machine.`;
    const lines: string[] = [];
    const patient = makeClient({ onRetry: (line) => lines.push(line) });
    expect(
      await messageThrownBy(() => patient.headManifest({ registry: gone.address, path: "a" }, "1")),
    ).toBe(`${said} Gave up after 5 attempts.`);
    expect(lines).toEqual(
      [
        ...["Attempt 2 of 5 follows in 1 s.", "Attempt 3 of 5 follows in 2 s."],
        ...["Attempt 4 of 5 follows in 4 s.", "Attempt 5 of 5 follows in 8 s."],
      ].map((line) => `${said} ${line}`),
    );
  });

  describe("with content that was changed on the way", () => {
    const changed = (digest: string): Fault => ({
      kind: "answer",
      status: 200,
      headers: { "content-type": mediaTypes.index, "docker-content-digest": digest },
      body: '{"schemaVersion":2,"manifests":[]}',
    });
    const { digest } = image.index.descriptor;
    const found = describeBytes(Buffer.from('{"schemaVersion":2,"manifests":[]}')).digest;

    it.each([
      ["a manifest by digest", digest, changed("")],
      ["a manifest by tag", "latest", changed(digest)],
    ])("does not take %s", async (_, name, fault) => {
      proxy.setFault(() => fault);
      expect(await messageThrownBy(() => client.getManifest(repository(), name))).toMatch(
        new RegExp(
          `^${proxy.address}/acme/ci[:@]${name}: what arrived has the digest ${found}\\. Gave up after 5`,
        ),
      );
      inTurn(fault);
      expect((await client.getManifest(repository(), name))?.bytes).toEqual(image.index.bytes);
    });

    it("does not take a blob", async () => {
      proxy.setFault(() => changed(config.digest));
      expect(await messageThrownBy(() => client.readBlob(repository(), config))).toContain(
        `acme/ci@${config.digest}: what arrived has the digest ${found}. Gave up after 5 attempts.`,
      );
    });

    it("does not take a manifest that the registry stored as another", async () => {
      inTurn({ kind: "answer", status: 201, headers: { "docker-content-digest": found } });
      expect(await messageThrownBy(() => client.putManifest(repository(), "4", image.index))).toContain(
        `acme/ci:4: what arrived has the digest ${found}.`,
      );
    });
  });

  it("asks with GET where HEAD names no digest", async () => {
    inTurn({ kind: "answer", status: 200, headers: { "content-type": mediaTypes.index } });
    expect((await client.headManifest(repository(), "latest"))?.digest).toBe(image.index.descriptor.digest);
    expect(asked()).toEqual(["HEAD /v2/acme/ci/manifests/latest", "GET /v2/acme/ci/manifests/latest"]);
  });

  it.each(["sha256:../../x", "sha512:0", ""])(
    "asks with GET where HEAD names the digest %j",
    async (digest) => {
      const { descriptor } = image.index;
      inTurn({ kind: "answer", status: 200, headers: { "docker-content-digest": digest } });
      expect(await client.headManifest(repository(), "latest")).toMatchObject({ digest: descriptor.digest });
      expect(asked()).toEqual(["HEAD /v2/acme/ci/manifests/latest", "GET /v2/acme/ci/manifests/latest"]);
    },
  );

  it.each(["http://[", "ftp://files.example/upload", "http://me:s3cret@127.0.0.1/"])(
    "sends nothing to an upload at %s",
    async (location) => {
      const blob = describeBytes(Buffer.from("new"));
      const put = () => client.putBlob(repository(), blob, async () => Buffer.from("new"));
      inTurn(undefined, { kind: "answer", status: 202, headers: { location } });
      expect(await messageThrownBy(put)).toBe(
        `${proxy.address}/acme/ci: the Location of an upload that it started is no URL of HTTP without user name and password.`,
      );
      expect(proxy.requests).toHaveLength(2);
    },
  );

  it("asks for every form of manifest", async () => {
    await client.headManifest(repository(), "latest");
    expect(proxy.requests[0]?.headers.accept).toBe(
      Object.values(mediaTypes)
        .filter((t) => t !== mediaTypes.config)
        .join(", "),
    );
  });

  describe("listTags", () => {
    const page = (tags: string[] | null, link?: string): Fault => ({
      kind: "answer",
      status: 200,
      headers: link === undefined ? {} : { link },
      body: JSON.stringify({ name: "acme/ci", tags }),
    });

    it("follows the links of all pages, relative and absolute", async () => {
      inTurn(
        page(["a", "b"], '</v2/acme/ci/tags/list?last=b&n=2>; rel="next"'),
        page(["c"], `<http://${proxy.address}/v2/acme/ci/tags/list?last=c&n=2>; rel=next`),
        { kind: "answer", status: 503 },
        page(["d"]),
      );
      expect(await client.listTags(repository())).toEqual(["a", "b", "c", "d"]);
      expect(asked()).toEqual([
        "GET /v2/acme/ci/tags/list?n=1000",
        "GET /v2/acme/ci/tags/list?last=b&n=2",
        "GET /v2/acme/ci/tags/list?last=c&n=2",
        "GET /v2/acme/ci/tags/list?last=c&n=2",
      ]);
    });

    it("names the tag list, and no query, where a later page fails", async () => {
      inTurn(page(["a"], '</v2/acme/ci/tags/list?last=secret>; rel="next"'), { kind: "answer", status: 403 });
      expect(await messageThrownBy(() => client.listTags(repository()))).toBe(
        `${proxy.address}/acme/ci: GET tags/list: the registry answered 403. ${credentials()}`,
      );
    });

    it.each(['{"name":"acme/ci","tags":null}', '{"name":"acme/ci"}'])(
      "takes %s for no tags",
      async (body) => {
        always(200, body);
        expect(await client.listTags(repository())).toEqual([]);
      },
    );

    it("refuses one that has its tags twice", async () => {
      always(200, '{"tags":["a"],"tags":["b"]}');
      expect(await messageThrownBy(() => client.listTags(repository()))).toBe(
        `${proxy.address}/acme/ci: GET tags/list: the answer has "tags" twice in one object, so what it says cannot be told.`,
      );
    });

    it.each([
      ["<html><title>Sign in</title>", 'It says: a page titled "Sign in".'],
      ['{"tags":"latest"}', 'It says: {"tags":"latest"}.'],
      ['{"message":"try again."}', "It says: try again."],
      ['{"name":"acme/ci","tags":{}}', 'It says: {"name":"acme/ci","tags":{}}.'],
      ["", "It is empty."],
    ])("refuses %j", async (body, said) => {
      always(200, body);
      expect(await messageThrownBy(() => client.listTags(repository()))).toBe(
        `${proxy.address}/acme/ci: GET tags/list: the answer is not the protocol's JSON. ${said}`,
      );
    });
  });
});
