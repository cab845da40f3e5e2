import { once } from "node:events";
import { createServer } from "node:http";
import { createSecureServer } from "node:http2";
import { type AddressInfo, connect } from "node:net";
import type { TLSSocket } from "node:tls";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { pushImage } from "../../src/registry/publish.js";
import { createFetch, type Network } from "../../src/registry/transport.js";
import { verifyImage } from "../../src/registry/verify.js";
import {
  type Certificate,
  type CertificateAuthority,
  makeCertificateAuthority,
} from "../support/certificate.js";
import { makeClient } from "../support/client.js";
import { type FaultProxy, startFaultProxy } from "../support/fault-proxy.js";
import { makeImage } from "../support/image.js";
import { listenOnLoopback } from "../support/loopback.js";
import { type RunningRegistry, startRegistry } from "../support/registry.js";
import { messageThrownBy } from "../support/thrown.js";

const name = "registry.example";
const image = makeImage();

let authority: CertificateAuthority;
let named: Certificate;
let registry: RunningRegistry;
/** The registry with TLS, under its address and under its name. */
let secure: FaultProxy;

beforeAll(async () => {
  authority = await makeCertificateAuthority();
  named = await authority.issue([name, "127.0.0.1"]);
  registry = await startRegistry();
  secure = await startFaultProxy(registry.address, {
    tls: { key: named.key, certificate: named.certificate },
  });
});
afterAll(async () => {
  await secure?.stop();
  await registry?.stop();
  await authority?.remove();
});
beforeEach(() => secure.clear());

// Plain HTTP is what loopback gets; another address of it is any host.
const secureHost = () => secure.address.replace("127.0.0.1", name);
const routeTo = (address: string) => ({ hostname: "127.0.0.1", port: Number(address.split(":")[1]) });
const clientWith = (network: Partial<Network>) =>
  makeClient({ fetch: createFetch({ routes: {}, ...network }) });

describe("a registry behind a private certificate authority", () => {
  it("is refused in one line without the authority", async () => {
    const client = clientWith({ routes: { [name]: routeTo(secure.address) } });
    expect(await messageThrownBy(() => client.headManifest({ registry: name, path: "acme/ci" }, "1"))).toBe(
      `${name}/acme/ci: HEAD manifests/1: its certificate authority is not known here.`,
    );
    expect(secure.requests).toEqual([]);
  });

  it("works with the authority, uploads included", async () => {
    const client = clientWith({ ca: authority.certificate, routes: { [name]: routeTo(secure.address) } });
    const repository = { registry: name, path: "acme/ci" };
    await pushImage(client, repository, image);
    await verifyImage(client, repository, image.index.descriptor.digest);
    expect(secure.requests.every(({ headers }) => headers.host === name)).toBe(true);
  });

  it("needs certificates in PEM form", async () => {
    expect(await messageThrownBy(() => createFetch({ ca: "no PEM", routes: {} }))).toBe(
      'certificate authorities to trust: expected certificates in PEM form, got "no PEM". Check network.caFile.',
    );
  });

  it("is refused under a name that its certificate does not hold", async () => {
    const client = clientWith({
      ca: authority.certificate,
      routes: { "other.example": routeTo(secure.address) },
    });
    expect(
      await messageThrownBy(() => client.headManifest({ registry: "other.example", path: "a" }, "1")),
    ).toBe("other.example/a: HEAD manifests/1: its certificate is for another host.");
  });
});

describe("routes", () => {
  it.each([
    ["by host", () => name, () => ({ [name]: routeTo(secure.address) })],
    [
      "by host and port",
      secureHost,
      () => ({ [secureHost()]: routeTo(secure.address), [name]: routeTo("127.0.0.1:1") }),
    ],
    ["by host and default port", () => name, () => ({ [`${name}:443`]: routeTo(secure.address) })],
  ])("lead %s", async (_, host, routes) => {
    const client = clientWith({ ca: authority.certificate, routes: routes() });
    expect(await client.headManifest({ registry: host(), path: "acme/new" }, "1")).toBeUndefined();
    expect(secure.requests).toMatchObject([{ path: "/v2/acme/new/manifests/1", headers: { host: host() } }]);
  });

  it("leave everything else alone", async () => {
    const client = clientWith({ routes: { "other.example": routeTo("127.0.0.1:1") } });
    expect(await client.headManifest({ registry: registry.address, path: "acme/new" }, "1")).toBeUndefined();
  });

  it("keep the name in the TLS handshake and speak HTTP/1.1, also where the server prefers HTTP/2", async () => {
    const seen: object[] = [];
    const server = createSecureServer(
      { key: named.key, cert: named.certificate, allowHTTP1: true },
      (request, response) => {
        seen.push({ sni: (request.socket as TLSSocket).servername, version: request.httpVersion });
        response.writeHead(404).end();
      },
    );
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const client = clientWith({ ca: authority.certificate, routes: { [name]: routeTo(address) } });
    expect(await client.headManifest({ registry: name, path: "a" }, "1")).toBeUndefined();
    expect(seen).toEqual([{ sni: name, version: "1.1" }]);
  });
});

it("keeps the connection, whatever the method and the answer", async () => {
  let connections = 0;
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      response.writeHead(request.method === "PUT" ? 201 : 404).flushHeaders();
      // The body comes later than the headers, as it often does.
      setTimeout(() => response.end("{}"), 5);
    });
  });
  server.on("connection", () => {
    connections += 1;
  });
  const { address, stop } = await listenOnLoopback(server);
  onTestFinished(stop);
  const client = clientWith({});
  const repository = { registry: address, path: "acme/ci" };
  for (let count = 0; count < 5; count += 1) {
    await client.headManifest(repository, "1");
    await client.getManifest(repository, "1");
    await client.putManifest(repository, "1", image.index);
    await client.listTags(repository);
  }
  expect(connections).toBeLessThanOrEqual(2);
});

describe("a proxy", () => {
  let asked: string[];
  let address: string;
  let stop: () => Promise<void>;

  /** A forwarding proxy: tunnels by CONNECT, and everything else by the whole URL in the request line. */
  beforeAll(async () => {
    const server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.writeHead(404).end();
    });
    server.on("connect", (request, socket) => {
      asked.push(`CONNECT ${request.url}`);
      if (request.url?.startsWith("refused.example")) {
        socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
        return;
      }
      const upstream = connect(Number(secure.address.split(":")[1]), "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
        socket.pipe(upstream).pipe(socket);
      });
      for (const end of [socket, upstream]) end.on("error", () => {});
    });
    ({ address, stop } = await listenOnLoopback(server));
  });
  afterAll(() => stop?.());
  beforeEach(() => {
    asked = [];
  });

  const proxied = (noProxy: string, network: Partial<Network> = {}) =>
    clientWith({ ca: authority.certificate, proxy: { url: `http://${address}`, noProxy }, ...network });

  it("tunnels TLS, uploads included", async () => {
    const repository = { registry: name, path: "acme/proxied" };
    const client = proxied("");
    await pushImage(client, repository, image);
    await verifyImage(client, repository, image.index.descriptor.digest);
    expect(new Set(asked)).toEqual(new Set([`CONNECT ${name}:443`]));
    expect(secure.requests.length).toBeGreaterThan(10);
  });

  it("forwards plain HTTP", async () => {
    const client = makeClient({
      fetch: createFetch({ routes: {}, proxy: { url: `http://${address}`, noProxy: "" } }),
      plainHttp: [name],
    });
    expect(await client.headManifest({ registry: name, path: "a" }, "1")).toBeUndefined();
    expect(asked).toEqual([`HEAD http://${name}/v2/a/manifests/1`]);
  });

  it.each([
    ["a host", "127.0.0.1"],
    ["one of several", "a.example, 127.0.0.1"],
    ["a network", "127.0.0.0/8"],
    ["everything", "*"],
  ])("is not asked for what noProxy names: %s", async (_, noProxy) => {
    const client = proxied(noProxy);
    expect(await client.headManifest({ registry: registry.address, path: "a" }, "1")).toBeUndefined();
    expect(asked).toEqual([]);
  });

  it("is not asked for what has a route", async () => {
    const client = proxied("a.example", { routes: { [name]: routeTo(secure.address) } });
    expect(await client.headManifest({ registry: name, path: "a" }, "1")).toBeUndefined();
    expect(asked).toEqual([]);
  });

  it("that refuses is named", async () => {
    expect(
      await messageThrownBy(() => proxied("").headManifest({ registry: "refused.example", path: "a" }, "1")),
    ).toBe("refused.example/a: HEAD manifests/1: the proxy answered 407.");
  });

  it("that is down is an error and not bypassed", async () => {
    const gone = await startFaultProxy(registry.address);
    await gone.stop();
    const client = clientWith({ proxy: { url: `http://${gone.address}`, noProxy: "" } });
    expect(await messageThrownBy(() => client.headManifest({ registry: name, path: "a" }, "1"))).toBe(
      `${name}/a: HEAD manifests/1: the connection was refused. Gave up after 5 attempts.`,
    );
  });
});
