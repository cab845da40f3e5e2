import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Credential } from "../../src/registry/credentials.js";
import type { Fetch } from "../../src/registry/transport.js";
import { directFetch, makeClient, seed } from "../support/client.js";
import type { Fault, FaultTarget } from "../support/fault-proxy.js";
import { makeImage } from "../support/image.js";
import { type ProxiedRegistry, startProxiedRegistry } from "../support/proxied-registry.js";
import { messageThrownBy } from "../support/thrown.js";

const path = "acme/app";
const image = makeImage();
const { digest } = image.index.descriptor;
const basic = `Basic ${Buffer.from("me:s3cret").toString("base64")}`;
const challenge = { "www-authenticate": 'Basic realm="Nexus"' };

let at: ProxiedRegistry;

beforeAll(async () => {
  at = await startProxiedRegistry();
  await seed(at.direct(at.repository(path)), image, "1.0.0");
});
afterAll(() => at?.stop());
beforeEach(() => at.proxy.clear());

const answer = (status: number, headers: Record<string, string> = {}): Fault => ({
  kind: "answer",
  status,
  headers,
});
const asked = () =>
  at.proxy.requests.map(({ method, path: url, status }) => `${method} ${url.split("/").at(-1)} ${status}`);
const clientOf = (credential?: Credential) =>
  makeClient({
    credentials: new Map(credential === undefined ? [] : [[at.repository().registry, credential]]),
  });
const me: Credential = { kind: "password", username: "me", password: "s3cret" };

/** As Nexus and Artifactory do: the public gets no challenge but at `/v2/` and for what it would write. */
const hides =
  (status: number) =>
  ({ method, path: url, headers }: FaultTarget): Fault | undefined => {
    if (headers.authorization === basic) return undefined;
    return url === "/v2/" || method === "POST" ? answer(401, challenge) : answer(status);
  };

describe("a registry that hides what it holds", () => {
  it.each([404, 403])(
    "with %i shows it to whoever has credentials, and is asked once how",
    async (status) => {
      at.proxy.setFault(hides(status));
      const client = clientOf(me);
      const repository = at.repository(path);
      const found = await Promise.all(
        ["1.0.0", "1.0.0", "2.0.0"].map((tag) => client.headManifest(repository, tag)),
      );
      expect(found.map((descriptor) => descriptor?.digest)).toEqual([digest, digest, undefined]);
      expect(await client.listTags(repository)).toEqual(["1.0.0"]);
      expect(asked().filter((line) => line === "GET  401")).toHaveLength(1);
      // All that comes later is asked for with the credentials at once.
      expect(asked().at(-1)).toBe("GET list?n=1000 200");
      expect(asked().filter((line) => line.endsWith(` ${status}`))).toHaveLength(status === 404 ? 4 : 3);
    },
  );

  it.each<Fault>([{ kind: "reset" }, answer(503), answer(429)])("is asked again after %j", async (fault) => {
    const faults = [fault];
    at.proxy.setFault(
      (request) => (request.path === "/v2/" ? faults.shift() : undefined) ?? hides(404)(request),
    );
    const found = await clientOf(me).headManifest(at.repository(path), "1.0.0");
    expect(found?.digest).toBe(digest);
  });

  it("is asked again with what another request learned meanwhile", async () => {
    let release = () => {};
    const learned = new Promise<void>((resolve) => {
      release = resolve;
    });
    const inner = directFetch;
    const fetch: Fetch = async (url, init) => {
      const response = await inner(url, init);
      if (init?.method === "HEAD" && response.status === 404) await learned;
      return response;
    };
    at.proxy.setFault(hides(404));
    const repository = at.repository(path);
    const client = makeClient({ fetch, credentials: new Map([[repository.registry, me]]) });
    const head = client.headManifest(repository, "1.0.0");
    await client.tryUpload(repository);
    release();
    expect((await head)?.digest).toBe(digest);
    expect(asked()).not.toContain("GET  401");
  });

  it("is asked for each of several credentials", async () => {
    const { registry } = at.repository();
    const other = at.repository("other/app");
    await seed(at.direct(other), image, "1.0.0");
    at.proxy.setFault(hides(404));
    const credentials = new Map([
      [`${registry}/acme`, me],
      [`${registry}/other`, { ...me }],
    ] as const);
    const client = makeClient({ credentials });
    for (const repository of [at.repository(path), other])
      expect((await client.headManifest(repository, "1.0.0"))?.digest).toBe(digest);
  });

  it("is not asked twice for what is somebody else's", async () => {
    at.proxy.setFault(hides(404));
    const { registry } = at.repository();
    const client = makeClient({ credentials: new Map([[`${registry}/acme`, me]]) });
    expect((await client.headManifest(at.repository(path), "1.0.0"))?.digest).toBe(digest);
    at.proxy.clear();
    at.proxy.setFault(hides(404));
    expect(await client.headManifest(at.repository("other/app"), "1.0.0")).toBeUndefined();
    expect(asked()).toEqual(["HEAD 1.0.0 404"]);
  });

  it("is not asked how without credentials", async () => {
    at.proxy.setFault(hides(404));
    expect(await clientOf().headManifest(at.repository(path), "1.0.0")).toBeUndefined();
    expect(asked()).toEqual(["HEAD 1.0.0 404"]);
  });

  it("is not asked how by a program that is not here", async () => {
    at.proxy.setFault(hides(404));
    const helper: Credential = { kind: "helper", setting: 'credsStore "desktop"' };
    expect(await clientOf(helper).headManifest(at.repository(path), "1.0.0")).toBeUndefined();
    expect(asked()).toEqual(["HEAD 1.0.0 404"]);
  });
});

it("a registry that is open is asked once how it wants credentials, and has what it has", async () => {
  const client = clientOf(me);
  const repository = at.repository("acme/absent");
  expect(await client.headManifest(repository, "1.0.0")).toBeUndefined();
  expect(await client.headManifest(repository, "2.0.0")).toBeUndefined();
  expect(asked()).toEqual(["HEAD 1.0.0 404", "GET  200", "HEAD 2.0.0 404"]);
});

it("a wrong password is what a hidden repository is refused for", async () => {
  at.proxy.setFault(({ headers, path: url }) =>
    headers.authorization === undefined && url !== "/v2/" ? answer(404) : answer(401, challenge),
  );
  const repository = at.repository(path);
  expect(await messageThrownBy(() => clientOf(me).headManifest(repository, "1.0.0"))).toBe(
    `${repository.registry}/${path}: HEAD manifests/1.0.0: the registry answered 401. Check user name and token for ${repository.registry}.`,
  );
});

it("wants a password, where there is an identity token: nothing is taken for absent", async () => {
  at.proxy.setFault(hides(404));
  const client = clientOf({ kind: "identity-token", token: "s3cret" });
  const repository = at.repository(path);
  expect(await messageThrownBy(() => client.headManifest(repository, "1.0.0"))).toBe(
    `${repository.registry}: asks for user name and password (Basic), and what was given for it is an identity token. Pass with-registry-auth --address ${repository.registry} with a user name and a password.`,
  );
});

it("looks again before a tag is set where the registry wanted credentials only then", async () => {
  const repository = at.repository(path);
  const before = makeImage({ shared: ["before"] });
  await seed(at.direct(repository), before, "moving");
  at.proxy.setFault(({ method, path: url, headers }): Fault | undefined => {
    if (headers.authorization === basic) return undefined;
    if (url === "/v2/") return answer(401, challenge);
    return method === "PUT" ? answer(403) : undefined;
  });
  await clientOf(me).replaceTag(repository, "moving", image.index, before.index.descriptor.digest);
  expect(asked()).toEqual([
    ...["HEAD moving 200", "PUT moving 403", "GET  401"],
    ...["HEAD moving 200", "PUT moving 201"],
  ]);
});
