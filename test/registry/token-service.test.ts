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
/** Another host's. */
let others: Record<Scheme, FaultProxy>;

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
  others = await start();
  for (const server of Object.values(others)) server.setFault(() => issued);
});
afterEach(async () => {
  for (const servers of [registries, services, others])
    for (const server of Object.values(servers)) await server.stop();
});

/** Asks a registry for a manifest that needs a token; the services answer as given. */
function sign(
  scheme: Scheme,
  credential: Credential | undefined,
  realm: string,
  answers: Partial<Record<Scheme, Fault>>,
  /** A service that was told before what to answer. */
  answering?: FaultProxy,
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
  for (const way of ["http", "https"] as const)
    if (services[way] !== answering) services[way].setFault(() => answers[way] ?? issued);
  const ports = [registries, services, others].flatMap((servers) => Object.values(servers).map(portOf));
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
  const elsewhere = (scheme: Scheme) => `${scheme}://127.0.0.1:${portOf(others[scheme])}/token`;
  const otherHost = "the password goes to no other host.";
  const withoutTls = "a token that is asked for over TLS is not taken from plain HTTP.";

  it.each<[string, Scheme, Credential | undefined, () => string, string]>([
    ["to another host gets the password", "http", password, () => elsewhere("http"), otherHost],
    ["to another host with TLS gets the password", "https", password, () => elsewhere("https"), otherHost],
    ["to another host, from TLS, gets the password", "https", password, () => elsewhere("http"), withoutTls],
    ["to itself without TLS gets the password", "https", password, () => service("http"), withoutTls],
    ["to another host, from TLS, is asked", "https", undefined, () => elsewhere("http"), withoutTls],
    ["to itself without TLS is asked", "https", undefined, () => service("http"), withoutTls],
  ])("%s no further", async (_, scheme, credential, location, said) => {
    const redirect = to(307, location());
    expect(await sign(scheme, credential, `${service(scheme)}/token`, { [scheme]: redirect })).toBe(
      `${name}:${portOf(registries[scheme])}: its token service: redirects to ${new URL(location()).origin}, but ${said}`,
    );
    expect(authorizations(services[scheme])).toEqual([credential && basic]);
    const further = [...Object.values(others), ...(scheme === "https" ? [services.http] : [])];
    expect(further.flatMap(({ requests }) => requests)).toEqual([]);
  });

  it("to the same host with TLS, at another port, gets the password there", async () => {
    const redirect = to(301, `${service("https")}/token`);
    expect(await sign("http", password, `${service("http")}/token`, { http: redirect })).toBe(signedIn);
    expect(authorizations(services.https)).toEqual([basic]);
  });

  it.each<[Scheme, Scheme]>([
    ["http", "http"],
    ["http", "https"],
    ["https", "https"],
  ])("to another host, from %s to %s, is followed where there is no password", async (from, until) => {
    const redirect = to(302, elsewhere(until));
    expect(await sign(from, undefined, `${service(from)}/token`, { [from]: redirect })).toBe(signedIn);
    expect(authorizations(others[until])).toEqual([undefined]);
  });

  it.each([301, 302, 303, 307, 308])("by %i gets an identity token no further", async (status) => {
    const realm = `${service("https")}/token`;
    for (const location of [elsewhere("https"), "/elsewhere"]) {
      services.https.clear();
      expect(await sign("https", identity, realm, { https: to(status, location) })).toBe(
        `${name}:${portOf(registries.https)}: its token service: redirects to ${new URL(location, realm).origin}, but a request with a secret is not sent on.`,
      );
      expect(services.https.requests).toHaveLength(1);
    }
    expect(others.https.requests).toEqual([]);
  });
});

describe("a token service that does not know the OAuth2 form", () => {
  it.each([400, 401, 404, 405])(
    "and answers %i is given the identity token as a password",
    async (status) => {
      const ways: string[] = [];
      const answered = (method: string, authorization: string | undefined): Fault => {
        ways.push(`${method} ${Buffer.from(authorization?.slice(6) ?? "", "base64")}`);
        return method === "POST" ? { kind: "answer", status } : issued;
      };
      services.http.setFault(({ method, headers }) => answered(method, headers.authorization));
      expect(await sign("http", identity, `${service("http")}/token`, {}, services.http)).toBe(signedIn);
      expect(ways).toEqual(["POST ", "GET <token>:s3cret"]);
    },
  );
});

describe("a token that is answered", () => {
  it.each([
    '{"token":"","access_token":"t0ken"}',
    '{"token":null,"access_token":"t0ken","expires_in":null}',
    '{"token":"t0ken","access_token":null,"expires_in":"300"}',
    '{"token":"t0ken","expires_in":"soon"}',
    '{"token":"t0ken","access_token":"other","expires_in":60.5}',
  ])("as %s is taken", async (body) => {
    expect(
      await sign("http", password, `${service("http")}/token`, {
        http: { kind: "answer", status: 200, body },
      }),
    ).toBe(signedIn);
  });

  it.each(['{"token":""}', '{"token":null}', "{}", '{"token":7}'])("as %s is none", async (body) => {
    const answer: Fault = { kind: "answer", status: 200, body };
    expect(await sign("http", password, `${service("http")}/token`, { http: answer })).toContain(
      "its token service answered without a token.",
    );
  });

  it("is none that no header would hold", async () => {
    const answer: Fault = {
      kind: "answer",
      status: 200,
      body: JSON.stringify({ token: "t".repeat(1 << 20) }),
    };
    expect(await sign("http", password, `${service("http")}/token`, { http: answer })).toContain(
      "answered with a token of 1048576 characters, more than the 16384 that are taken.",
    );
  });

  it("says why it is none, in the words of the service", async () => {
    const body =
      '{"errors":[{"code":"DENIED","message":"two-factor authentication is on: use a personal access token"}]}';
    const answer: Fault = { kind: "answer", status: 401, body };
    expect(await sign("http", password, `${service("http")}/token`, { http: answer })).toBe(
      `${name}:${portOf(registries.http)}: refused the credentials given for it: 401 (DENIED: two-factor authentication is on: use a personal access token). Check user name and token for ${name}:${portOf(registries.http)}.`,
    );
  });
});
