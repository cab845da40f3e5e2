import { Readable } from "node:stream";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { mediaTypes } from "../../src/oci/manifest.js";
import type { RegistryClient } from "../../src/registry/client.js";
import type { Repository } from "../../src/registry/reference.js";
import { makeClient, seed } from "../support/client.js";
import { type Fault, type FaultProxy, type FaultTarget, startFaultProxy } from "../support/fault-proxy.js";
import { describeBytes, makeImage } from "../support/image.js";
import { type RunningRegistry, startRegistry } from "../support/registry.js";
import { messageThrownBy } from "../support/thrown.js";

const image = makeImage();
const { digest } = image.index.descriptor;
const [config] = image.variants.map(({ manifest }) => manifest.config);
const blob = describeBytes(Buffer.from("a new layer"));
const basic = `Basic ${Buffer.from("me:s3cret").toString("base64")}`;

let registry: RunningRegistry;
/** Before the registry; asks for a user name and a password. */
let own: FaultProxy;
/** Nothing of the registry, and it would like to know the password. */
let other: FaultProxy;
let repository: Repository;
let client: RegistryClient;

beforeAll(async () => {
  registry = await startRegistry();
  own = await startFaultProxy(registry.address);
  other = await startFaultProxy(registry.address);
  await seed({ registry: registry.address, path: "acme/app" }, image, "latest");
});
afterAll(async () => {
  await other?.stop();
  await own?.stop();
  await registry?.stop();
});
beforeEach(() => {
  own.clear();
  other.clear();
  repository = { registry: own.address, path: "acme/app" };
  client = makeClient({
    credentials: new Map([[own.address, { kind: "password", username: "me", password: "s3cret" }]]),
  });
});

/** The registry does this where it does not ask for credentials. */
function registryThat(behaves: (request: FaultTarget) => Fault | undefined): void {
  own.setFault((request) =>
    request.headers.authorization === basic
      ? behaves(request)
      : { kind: "answer", status: 401, headers: { "www-authenticate": 'Basic realm="r"' } },
  );
}

const at = (path: string) => `http://${other.address}${path}`;
const to = (status: number, location: string): Fault => ({ kind: "answer", status, headers: { location } });
const authorizations = (proxy: FaultProxy) => proxy.requests.map(({ headers }) => headers.authorization);

interface Way {
  method: string;
  path: RegExp;
  answer: () => Fault;
  act: () => Promise<unknown>;
}

const sendBlob = () =>
  client.putBlob(repository, blob, async () => Readable.from([Buffer.from("a new layer")]));
const ways: Record<string, Way> = {
  "the Location of an upload": {
    method: "POST",
    path: /uploads/,
    answer: () => to(202, at("/upload")),
    act: sendBlob,
  },
  "a redirected upload": {
    method: "PUT",
    path: /uploads/,
    answer: () => to(307, at("/upload")),
    act: sendBlob,
  },
  "a redirect of what starts an upload": {
    method: "POST",
    path: /uploads/,
    answer: () => to(308, at("/uploads/")),
    act: sendBlob,
  },
  "a redirected blob": {
    method: "GET",
    path: /blobs/,
    answer: () => to(307, at("/blob")),
    act: async () => config && client.readBlob(repository, config),
  },
  "a redirected stream": {
    method: "GET",
    path: /blobs/,
    answer: () => to(302, at("/blob")),
    act: async () => config && client.openBlob(repository, config),
  },
  "a redirected question for a blob": {
    method: "HEAD",
    path: /blobs/,
    answer: () => to(302, at("/blob")),
    act: () => client.blobSize(repository, blob),
  },
  "a redirected manifest": {
    method: "GET",
    path: /manifests/,
    answer: () => to(301, at("/manifest")),
    act: () => client.getManifest(repository, "latest"),
  },
  "a redirected question for a manifest": {
    method: "HEAD",
    path: /manifests/,
    answer: () => to(303, at("/manifest")),
    act: () => client.headManifest(repository, "latest"),
  },
  "a redirected manifest that is put": {
    method: "PUT",
    path: /manifests/,
    answer: () => to(307, at("/manifest")),
    act: () => client.putManifest(repository, "latest", image.index),
  },
  "a redirected deletion": {
    method: "DELETE",
    path: /manifests/,
    answer: () => to(308, at("/manifest")),
    act: () => client.deleteManifest(repository, digest),
  },
  "a redirected list of tags": {
    method: "GET",
    path: /tags/,
    answer: () => to(307, at("/tags")),
    act: () => client.listTags(repository),
  },
};

describe.each(["Basic", "Bearer"])("another host that asks for %s credentials", (scheme) => {
  const challenge = () =>
    scheme === "Basic" ? 'Basic realm="r"' : `Bearer realm="${at("/token")}",service="s"`;

  it.each(Object.keys(ways))("gets none by %s", async (name) => {
    const way = ways[name] as Way;
    registryThat(({ method, path }) =>
      method === way.method && way.path.test(path) ? way.answer() : undefined,
    );
    other.setFault(() => ({
      kind: "answer",
      status: 401,
      headers: { "www-authenticate": challenge() },
    }));

    const said = await messageThrownBy(way.act);
    expect(said).toMatch(
      new RegExp(
        `^${own.address}/acme/app: \\S+ \\S+: http://${other.address}, where the registry leads, answered 401\\.$`,
      ),
    );
    expect(other.requests).toHaveLength(1);
    expect(authorizations(other)).toEqual([undefined]);

    // Its challenge does not take the place of the registry's.
    const asked = own.requests.length;
    registryThat(() => undefined);
    expect(await client.listTags(repository)).toContain("latest");
    expect(authorizations(own).slice(asked)).toEqual([basic]);
    expect(other.requests).toHaveLength(1);
  });
});

it.each([
  ["at another host", () => at("/v2/acme/app/blobs/uploads/1")],
  ["of another kind", () => "/v2/acme/other/manifests/latest"],
])("deletes nothing by the Location of an upload that is only tried, %s", async (_, location) => {
  registryThat(({ method }) => (method === "POST" ? to(202, location()) : undefined));
  await client.tryUpload(repository);
  const all = [...own.requests, ...other.requests];
  expect(all.filter(({ method }) => method === "DELETE")).toEqual([]);
});

it("is not asked for the next page of a list", async () => {
  registryThat(() => ({
    kind: "answer",
    status: 200,
    headers: { link: `<${at("/v2/acme/app/tags/list")}>; rel="next"` },
    body: '{"tags":["1.0.0"]}',
  }));
  expect(await messageThrownBy(() => client.listTags(repository))).toBe(
    `${own.address}/acme/app: GET tags/list: its next page is at http://${other.address} and not at http://${own.address}, and is not asked for.`,
  );
  expect(other.requests).toEqual([]);
});

it("does not send the registry's credentials back to it by a redirect of its own", async () => {
  registryThat(({ path }) => (path.endsWith("/latest") ? to(307, at("/manifest")) : undefined));
  other.setFault(() => to(307, `http://${own.address}/v2/acme/secret/manifests/1`));
  expect(await messageThrownBy(() => client.getManifest(repository, "latest"))).toContain(
    ", where the registry leads, answered 401.",
  );
  expect(own.requests.at(-1)).toMatchObject({ path: "/v2/acme/secret/manifests/1", status: 401 });
  expect(authorizations(own).at(-1)).toBeUndefined();
});

it("may have what is public", async () => {
  registryThat(({ method, path }) => {
    if (method === "GET" && /blobs|manifests/.test(path)) return to(307, at(path));
    if (path.endsWith("/uploads/")) return to(202, at(`${path}1`));
    return method === "PUT" ? to(307, at(path)) : undefined;
  });
  other.setFault(({ method }) => (method === "PUT" ? { kind: "answer", status: 201 } : undefined));
  expect((await client.getManifest(repository, "latest"))?.descriptor.mediaType).toBe(mediaTypes.index);
  expect(config && (await client.readBlob(repository, config))).toBeInstanceOf(Buffer);
  expect(await sendBlob()).toBe("sent");
  await client.putManifest(repository, "latest", image.index);
  expect(authorizations(other)).toEqual([undefined, undefined, undefined, undefined]);
});
