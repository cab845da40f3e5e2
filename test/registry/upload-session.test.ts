import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { createFetch } from "../../src/registry/transport.js";
import { makeCertificateAuthority } from "../support/certificate.js";
import { makeClient } from "../support/client.js";
import { type Fault, type FaultTarget, startFaultProxy } from "../support/fault-proxy.js";
import { describeBytes, makeImage } from "../support/image.js";
import { type ProxiedRegistry, startProxiedRegistry } from "../support/proxied-registry.js";
import { errorThrownBy, messageThrownBy } from "../support/thrown.js";

const content = Buffer.from("a layer");
const blob = describeBytes(content);
const other = describeBytes(Buffer.from("another layer"));
const held = "acme/held";
const open = async () => content;

let at: ProxiedRegistry;

beforeAll(async () => {
  at = await startProxiedRegistry();
  for (const [part, bytes] of [
    [blob, content],
    [other, Buffer.from("another layer")],
  ] as const)
    await makeClient().putBlob(at.direct(at.repository(held)), part, async () => bytes);
});
afterAll(() => at?.stop());
beforeEach(() => at.proxy.clear());

const answers = () => at.proxy.requests.map(({ method, status }) => `${method} ${status ?? "broken"}`);
const code = (status: number, name: string): Fault => ({
  kind: "answer",
  status,
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ errors: [{ code: name, message: "it is gone" }] }),
});
/** Does this to the first requests that it is for, one after the other, and nothing to the others. */
const onEach = (isFor: (request: FaultTarget) => boolean, ...faults: Fault[]) =>
  at.proxy.setFault((request) => (isFor(request) ? faults.shift() : undefined));

describe("a mount that is refused", () => {
  const refuse = (status: number) =>
    at.proxy.setFault(({ path }) => (path.includes("mount=") ? { kind: "answer", status } : undefined));

  it.each([400, 401, 403, 404, 405, 500])(
    "with %i is followed by an ordinary upload, and by no other mount",
    async (status) => {
      refuse(status);
      const client = makeClient();
      const repository = at.repository();
      expect(await client.putBlob(repository, blob, open, held)).toBe("sent");
      expect(await client.putBlob(repository, other, async () => Buffer.from("another layer"), held)).toBe(
        "sent",
      );
      expect(answers()).toEqual([
        "HEAD 404",
        `POST ${status}`,
        "POST 202",
        "PUT 201",
        "HEAD 404",
        "POST 202",
        "PUT 201",
      ]);
    },
  );

  it.each([429, 502, 503])("for a moment, with %i, is tried again", async (status) => {
    onEach(({ path }) => path.includes("mount="), { kind: "answer", status });
    expect(await makeClient().putBlob(at.repository(), blob, open, held)).toBe("mounted");
    expect(answers()).toEqual(["HEAD 404", `POST ${status}`, "HEAD 404", "POST 201"]);
  });

  it("by the token service, which does not grant the other repository", async () => {
    const isGranted = ({ path, headers }: FaultTarget) =>
      headers.authorization === `Bearer ${path.includes("mount=") ? "both" : "own"}`;
    at.proxy.setFault((request) => {
      const { path } = request;
      const scopes = new URL(path, "http://token").searchParams.getAll("scope");
      if (path.startsWith("/token"))
        return scopes.length > 1
          ? { kind: "answer", status: 403, body: '{"details":"not yours"}' }
          : { kind: "answer", status: 200, body: '{"token":"own"}' };
      if (isGranted(request)) return undefined;
      const challenge = `Bearer realm="http://${at.proxy.address}/token",service="registry"`;
      return { kind: "answer", status: 401, headers: { "www-authenticate": challenge } };
    });
    expect(await makeClient().putBlob(at.repository(), blob, open, held)).toBe("sent");
  });
});

describe("an upload that the registry lost", () => {
  const isUpload = ({ method, path }: FaultTarget) => method === "PUT" && path.includes("/blobs/uploads/");
  const isManifest = ({ method, path }: FaultTarget) => method === "PUT" && path.includes("/manifests/");

  it.each([
    ["BLOB_UPLOAD_INVALID", 416],
    ["BLOB_UPLOAD_INVALID", 400],
    ["BLOB_UPLOAD_UNKNOWN", 404],
  ])("as %s with %i, is begun anew", async (name, status) => {
    onEach(isUpload, code(status, name));
    expect(await makeClient().putBlob(at.repository(), blob, open)).toBe("sent");
    expect(answers()).toEqual(["HEAD 404", "POST 202", `PUT ${status}`, "HEAD 404", "POST 202", "PUT 201"]);
  });

  it.each([
    ["MANIFEST_BLOB_UNKNOWN", 404],
    ["BLOB_UNKNOWN", 400],
  ])("is repeated where the manifest is put too soon: %s with %i", async (name, status) => {
    const { index } = makeImage();
    onEach(isManifest, code(status, name), code(status, name), code(status, name));
    const { descriptor } = index;
    const stays = await errorThrownBy(() =>
      makeClient().putManifest(at.repository(), descriptor.digest, index),
    );
    expect(String(stays)).toContain(`answered ${status} (${name}: it is gone). Gave up after 3 attempts.`);
  });

  it("is none where its digest is wrong: the same bytes would have it again", async () => {
    onEach(isUpload, code(400, "DIGEST_INVALID"));
    const message = await messageThrownBy(() => makeClient().putBlob(at.repository(), blob, open));
    expect(message).toContain("answered 400 (DIGEST_INVALID: it is gone).");
    expect(message).not.toContain("Gave up");
  });
});

it("goes on over TLS where the registry behind a proxy gives an address without", async () => {
  const host = "registry.example";
  const authority = await makeCertificateAuthority();
  onTestFinished(() => authority.remove());
  const proxy = await startFaultProxy("127.0.0.1:9", { tls: await authority.issue([host]) });
  onTestFinished(() => proxy.stop());
  const location = `http://${host}//v2/acme/app/blobs/uploads/1?_state=x`;
  proxy.setFault(({ method }) => {
    if (method === "POST") return { kind: "answer", status: 202, headers: { location } };
    return { kind: "answer", status: method === "PUT" ? 201 : 404 };
  });
  const [hostname = "", port] = proxy.address.split(":");
  const routes = { [`${host}:443`]: { hostname, port: Number(port) } };
  const client = makeClient({ fetch: createFetch({ ca: authority.certificate, routes }) });
  expect(await client.putBlob({ registry: host, path: "acme/app" }, blob, open)).toBe("sent");
  expect(proxy.requests.at(-1)?.path).toBe(
    `//v2/acme/app/blobs/uploads/1?${new URLSearchParams({ _state: "x", digest: blob.digest })}`,
  );
});
