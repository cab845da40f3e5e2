import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { Response } from "undici";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type Credentials, parseDockerConfig } from "../../src/registry/credentials.js";
import { pushImage } from "../../src/registry/publish.js";
import { makeClient } from "../support/client.js";
import { type FaultProxy, startFaultProxy } from "../support/fault-proxy.js";
import { makeImage } from "../support/image.js";
import { listenOnLoopback } from "../support/loopback.js";
import { type RunningRegistry, startRegistry } from "../support/registry.js";
import { messageThrownBy } from "../support/thrown.js";

const as = (registry: string, username: string, password = "s3cret"): Credentials =>
  new Map([[registry, { kind: "password", username, password }]]);

describe("at a registry with Basic authentication", () => {
  let registry: RunningRegistry;
  let proxy: FaultProxy;
  const header = `Basic ${Buffer.from("me:s3cret").toString("base64")}`;

  beforeAll(async () => {
    registry = await startRegistry();
    proxy = await startFaultProxy(registry.address);
    proxy.setFault(({ headers }) =>
      headers.authorization === header
        ? undefined
        : { kind: "answer", status: 401, headers: { "www-authenticate": 'Basic realm="r"' } },
    );
  });
  afterAll(async () => {
    await proxy?.stop();
    await registry?.stop();
  });

  it("signs in once it is asked to", async () => {
    const repository = { registry: proxy.address, path: "acme/ci" };
    const client = makeClient({ credentials: as(proxy.address, "me") });
    await pushImage(client, repository, makeImage());
    expect(proxy.requests.map(({ status }) => status).filter((status) => status === 401)).toHaveLength(1);
  });

  it.each<[string, () => Credentials, RegExp]>([
    [
      "a wrong password",
      () => as(proxy.address, "me", "wr0ng"),
      /answered 401\. Check user name and token for/,
    ],
    ["no credentials", () => new Map(), /answered 401\. No credentials were given for/],
    [
      "a credsStore",
      () => parseDockerConfig('{"credsStore":"pass"}'),
      /^127\.0\.0\.1:\d+: its credentials are kept by credsStore "pass"/,
    ],
  ])("says what is wrong with %s", async (_, credentials, message) => {
    const client = makeClient({ credentials: credentials() });
    const said = await messageThrownBy(() =>
      client.headManifest({ registry: proxy.address, path: "a" }, "1"),
    );
    expect(said).toMatch(message);
    expect(said).not.toMatch(/wr0ng|Basic/);
  });
});

it("exchanges an identity token for an access token", async () => {
  const forms: Record<string, string>[] = [];
  const server = createServer(async (request, response) => {
    if (request.url === "/token") {
      forms.push(Object.fromEntries(new URLSearchParams(await text(request))));
      response.end(JSON.stringify({ access_token: "acce55" }));
    } else if (request.headers.authorization === "Bearer acce55") response.writeHead(404).end();
    else
      response
        .writeHead(401, {
          "www-authenticate": `Bearer realm="http://${request.headers.host}/token",service="s"`,
        })
        .end();
  });
  const { address, stop } = await listenOnLoopback(server);
  onTestFinished(stop);
  const client = makeClient({
    credentials: new Map([[address, { kind: "identity-token", token: "t0ken" }]]),
  });

  expect(await client.headManifest({ registry: address, path: "a" }, "1")).toBeUndefined();
  expect(forms).toEqual([
    {
      grant_type: "refresh_token",
      refresh_token: "t0ken",
      client_id: "slipway",
      scope: "repository:a:pull",
      service: "s",
    },
  ]);
});

it("signs in at Docker Hub with the credentials of its own key", async () => {
  const requests: string[] = [];
  const client = makeClient({
    credentials: parseDockerConfig(
      JSON.stringify({ auths: { "https://index.docker.io/v1/": { username: "me", password: "s3cret" } } }),
    ),
    fetch: async (url, init) => {
      const { authorization } = (init?.headers ?? {}) as Record<string, string>;
      requests.push(`${url} ${authorization ?? "anonymous"}`);
      if (url.startsWith("https://auth.docker.io/")) return Response.json({ token: "t0ken" });
      const challenge = 'Bearer realm="https://auth.docker.io/token",service="registry.docker.io"';
      if (authorization === undefined)
        return new Response(null, { status: 401, headers: { "www-authenticate": challenge } });
      return new Response(null, { status: 404 });
    },
  });

  expect(await client.headManifest({ registry: "docker.io", path: "library/golang" }, "1")).toBeUndefined();
  const manifest = "https://registry-1.docker.io/v2/library/golang/manifests/1";
  expect(requests).toEqual([
    `${manifest} anonymous`,
    `https://auth.docker.io/token?service=registry.docker.io&scope=repository%3Alibrary%2Fgolang%3Apull Basic ${Buffer.from("me:s3cret").toString("base64")}`,
    `${manifest} Bearer t0ken`,
  ]);
});

describe("where a registry sends on to another host", () => {
  it("does not show that host the credentials", async () => {
    const seen: Record<string, unknown>[] = [];
    const storage = await listenOnLoopback(
      createServer((request, response) => {
        seen.push({ method: request.method, authorization: request.headers.authorization });
        request
          .resume()
          .on("end", () => response.writeHead(request.method === "PUT" ? 201 : 200).end("content"));
      }),
    );
    onTestFinished(storage.stop);
    const basic = { "www-authenticate": 'Basic realm="r"' };
    const registry = await startFaultProxy(storage.address, {
      fault: ({ method, headers }) => {
        if (headers.authorization === undefined) return { kind: "answer", status: 401, headers: basic };
        const location = `http://${storage.address}/elsewhere`;
        if (method === "HEAD") return { kind: "answer", status: 404 };
        return { kind: "answer", status: method === "POST" ? 202 : 307, headers: { location } };
      },
    });
    onTestFinished(registry.stop);
    const repository = { registry: registry.address, path: "a" };
    const client = makeClient({ credentials: as(registry.address, "me") });
    const blob = { mediaType: "", digest: `sha256:${"0".repeat(64)}`, size: 7 };

    expect(await client.putBlob(repository, blob, async () => Buffer.from("content"))).toBe("sent");
    expect(Buffer.concat(await (await client.openBlob(repository, blob)).toArray()).toString()).toBe(
      "content",
    );
    expect(seen).toEqual([
      { method: "PUT", authorization: undefined },
      { method: "GET", authorization: undefined },
    ]);
  });
});
