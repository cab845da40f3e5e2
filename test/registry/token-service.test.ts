import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Credential } from "../../src/registry/credentials.js";
import { createFetch } from "../../src/registry/transport.js";
import { type CertificateAuthority, makeCertificateAuthority } from "../support/certificate.js";
import { makeClient } from "../support/client.js";
import { type Fault, type FaultProxy, startFaultProxy } from "../support/fault-proxy.js";
import { messageThrownBy } from "../support/thrown.js";

// Plain HTTP is what loopback gets; another name of it is any registry.
const name = "registry.example";
const password: Credential = { kind: "password", username: "me", password: "s3cret" };
const identity: Credential = { kind: "identity-token", token: "s3cret" };
const basic = `Basic ${Buffer.from("me:s3cret").toString("base64")}`;

type Scheme = "http" | "https";

let authority: CertificateAuthority;
let registries: Record<Scheme, FaultProxy>;
/** Two ways to one token service. */
let services: Record<Scheme, FaultProxy>;
let other: FaultProxy;

const issued: Fault = { kind: "answer", status: 200, body: '{"token":"t0ken"}' };
const to = (status: number, location: string): Fault => ({ kind: "answer", status, headers: { location } });
const portOf = ({ address }: FaultProxy) => Number(address.split(":")[1]);

beforeAll(async () => {
  authority = await makeCertificateAuthority();
});
afterAll(() => authority?.remove());

beforeEach(async () => {
  const { key, certificate } = await authority.issue([name, "127.0.0.1"]);
  const start = async () => ({
    http: await startFaultProxy("127.0.0.1:9"),
    https: await startFaultProxy("127.0.0.1:9", { tls: { key, certificate } }),
  });
  registries = await start();
  services = await start();
  other = await startFaultProxy("127.0.0.1:9", { fault: () => issued });
});
afterEach(async () => {
  for (const server of [...Object.values(registries), ...Object.values(services), other]) await server.stop();
});

/** Asks a registry for a manifest that needs a token; the services answer as given. */
function sign(
  scheme: Scheme,
  credential: Credential | undefined,
  realm: string,
  answers: Partial<Record<Scheme, Fault>>,
): Promise<string> {
  const registry = `${name}:${portOf(registries[scheme])}`;
  registries[scheme].setFault(({ headers }) =>
    headers.authorization === "Bearer t0ken"
      ? { kind: "answer", status: 404 }
      : {
          kind: "answer",
          status: 401,
          headers: { "www-authenticate": `Bearer realm="${realm}",service="s"` },
        },
  );
  for (const way of ["http", "https"] as const) services[way].setFault(() => answers[way] ?? issued);
  const ports = [...Object.values(registries), ...Object.values(services), other].map(portOf);
  const routes = ports.map((port) => [`${name}:${port}`, { hostname: "127.0.0.1", port }] as const);
  const client = makeClient({
    fetch: createFetch({ ca: authority.certificate, routes: Object.fromEntries(routes) }),
    plainHttp: scheme === "http" ? [registry] : [],
    credentials: new Map(credential === undefined ? [] : [[registry, credential]]),
  });
  return messageThrownBy(async () => {
    expect(await client.headManifest({ registry, path: "a" }, "1")).toBeUndefined();
  });
}

const service = (scheme: Scheme, host = name) => `${scheme}://${host}:${portOf(services[scheme])}`;
const signedIn = "no SlipwayError: nothing was thrown";
const authorizations = ({ requests }: FaultProxy) => requests.map(({ headers }) => headers.authorization);

describe("a token service without TLS", () => {
  it.each<[string, Credential | undefined]>([
    ["a password", password],
    ["an identity token", identity],
    ["nothing", undefined],
  ])("gets %s of a registry that is asked over TLS", async (_, credential) => {
    expect(await sign("https", credential, `${service("http")}/token`, {})).toBe(
      `${name}:${portOf(registries.https)}: its token service is at ${service("http")}, without TLS, and is not asked. Where a proxy before the registry ends TLS, let it set X-Forwarded-Proto.`,
    );
    expect(services.http.requests).toEqual([]);
  });

  it("serves a registry without TLS", async () => {
    expect(await sign("http", password, `${service("http")}/token`, {})).toBe(signedIn);
    expect(authorizations(services.http)).toEqual([basic]);
  });
});

describe("a token service that redirects", () => {
  const elsewhere = () => `http://127.0.0.1:${portOf(other)}/token`;
  const refused = "the password goes to no other host, nor from TLS to plain HTTP.";

  it.each<[string, Scheme, () => string, string]>([
    ["to another host", "http", elsewhere, refused],
    ["to another host, from TLS", "https", elsewhere, refused],
    ["to the same host without TLS", "https", () => `${service("http")}/token`, refused],
  ])("%s gets the password no further", async (_, scheme, location, said) => {
    const redirect = to(307, location());
    expect(await sign(scheme, password, `${service(scheme)}/token`, { [scheme]: redirect })).toBe(
      `${name}:${portOf(registries[scheme])}: its token service: redirects to ${new URL(location()).origin}, but ${said}`,
    );
    expect(authorizations(services[scheme])).toEqual([basic]);
    expect([...other.requests, ...(scheme === "https" ? services.http.requests : [])]).toEqual([]);
  });

  it("to the same host with TLS, at another port, gets the password there", async () => {
    const redirect = to(301, `${service("https")}/token`);
    expect(await sign("http", password, `${service("http")}/token`, { http: redirect })).toBe(signedIn);
    expect(authorizations(services.https)).toEqual([basic]);
  });

  it("to another host is followed where there is no password", async () => {
    expect(await sign("https", undefined, `${service("https")}/token`, { https: to(302, elsewhere()) })).toBe(
      signedIn,
    );
    expect(authorizations(other)).toEqual([undefined]);
  });

  it.each([301, 302, 303, 307, 308])("by %i gets an identity token no further", async (status) => {
    const realm = `${service("https")}/token`;
    for (const location of [elsewhere(), "/elsewhere"]) {
      services.https.clear();
      expect(await sign("https", identity, realm, { https: to(status, location) })).toBe(
        `${name}:${portOf(registries.https)}: its token service: redirects to ${new URL(location, realm).origin}, but a request with a secret in its body is not sent on.`,
      );
      expect(services.https.requests).toHaveLength(1);
    }
    expect(other.requests).toEqual([]);
  });
});
