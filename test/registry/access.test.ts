import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { VerificationError } from "../../src/errors.js";
import { checkPushAccess, requirePushAccess } from "../../src/registry/access.js";
import { RegistryClient } from "../../src/registry/client.js";
import type { Credential } from "../../src/registry/credentials.js";
import { parseRepository, type Repository } from "../../src/registry/reference.js";
import { createFetch } from "../../src/registry/transport.js";
import { type FaultProxy, startFaultProxy } from "../support/fault-proxy.js";
import { type RunningRegistry, startCraneRegistry, startRegistry } from "../support/registry.js";
import { type RunningTokenIssuer, startTokenIssuer } from "../support/token-issuer.js";

const patience = { attempts: 1, baseDelay: 0, maxDelay: 0 };

function clientFor(push: readonly Repository[], credential?: Credential): RegistryClient {
  const credentials = new Map(
    credential === undefined ? [] : push.map(({ registry }) => [registry, credential]),
  );
  return new RegistryClient({
    fetch: createFetch({ routes: {} }),
    credentials,
    plainHttp: [],
    push,
    pushRetry: patience,
    readRetry: patience,
  });
}

async function check(repositories: readonly Repository[], credential?: Credential) {
  return checkPushAccess(clientFor(repositories, credential), repositories);
}

const password = (username: string, secret: string): Credential => ({
  kind: "password",
  username,
  password: secret,
});

describe("with tokens", () => {
  let issuer: RunningTokenIssuer;
  let registry: RunningRegistry;
  let repository: Repository;
  let name: string;

  beforeAll(async () => {
    issuer = await startTokenIssuer({
      users: {
        writer: { password: "s3cret", grants: { "team/app": ["pull", "push"] } },
        owner: { password: "s3cret", grants: { "team/app": ["pull", "push", "delete"] } },
        reader: { password: "s3cret", grants: { "team/app": ["pull"] } },
      },
    });
    registry = await startRegistry({ tokenAuth: issuer });
    repository = parseRepository(`${registry.address}/team/app`);
    name = `${registry.address}/team/app`;
  });

  afterAll(async () => {
    await registry?.stop();
    await issuer?.stop();
  });

  // Opened with the right to push; distribution asks for the right to delete when one is cancelled.
  it.each(["writer", "owner"])("lets a %s push to a repository that does not exist yet", async (user) => {
    expect(await check([repository], password(user, "s3cret"))).toEqual([{ repository: name, ok: true }]);
  });

  it.each<[string, Credential | undefined, string[]]>([
    ["nobody", undefined, ["gives no anonymous token", "Pass --docker-config, or with-registry-auth"]],
    [
      "a wrong password",
      password("writer", "wr0ng"),
      ["refused the credentials given for it: 401 (incorrect username or password)"],
    ],
    [
      "who may only read",
      password("reader", "s3cret"),
      ["POST blobs/uploads: the registry answered 401", "may do this in team/app."],
    ],
    [
      "credentials in a helper",
      { kind: "helper", setting: 'credsStore "desktop"' },
      ['kept by credsStore "desktop", a program that does not exist in a container'],
    ],
  ])("refuses %s, and says what to do", async (_, credential, messages) => {
    const [access] = await check([repository], credential);
    expect(access).toMatchObject({ repository: name, ok: false });
    for (const message of messages) expect(access).toHaveProperty("error", expect.stringContaining(message));
    expect(JSON.stringify(access)).not.toMatch(/s3cret|wr0ng/);
  });
});

describe.each([
  { kind: "distribution", start: () => startRegistry(), cancelled: 204 },
  { kind: "go-containerregistry", start: () => startCraneRegistry(), cancelled: 400 },
])("$kind", ({ start, cancelled }) => {
  let registry: RunningRegistry;
  let proxy: FaultProxy;

  beforeAll(async () => {
    registry = await start();
    proxy = await startFaultProxy(registry.address);
  });

  beforeEach(() => proxy.clear());

  afterAll(async () => {
    await proxy?.stop();
    await registry?.stop();
  });

  const repository = (path = "team/app") => parseRepository(`${proxy.address}/${path}`);
  const answered = () => proxy.requests.map(({ method, status }) => [method, status]);

  it("is asked by one upload, which is cancelled and sends nothing", async () => {
    expect(await check([repository()])).toEqual([{ repository: `${proxy.address}/team/app`, ok: true }]);
    expect(answered()).toEqual([
      ["POST", 202],
      ["DELETE", cancelled],
    ]);
    expect(proxy.requests.map(({ bytesIn }) => bytesIn)).toEqual([0, 0]);
    const session = proxy.requests[1]?.path ?? "";
    expect(session).toMatch(/^\/v2\/team\/app\/blobs\/uploads\/.+/);
  });

  it.each([405, 403, 404, 500])("is asked all the same where cancelling is answered %i", async (status) => {
    proxy.setFault(({ method }) => (method === "DELETE" ? { kind: "answer", status } : undefined));
    expect(await check([repository()])).toEqual([{ repository: `${proxy.address}/team/app`, ok: true }]);
    expect(answered()).toEqual([
      ["POST", 202],
      ["DELETE", status],
    ]);
  });

  it.each([
    [403, "No credentials were given for"],
    [429, "the registry answered 429"],
    [503, "the registry answered 503"],
    [404, "This registry creates no repository on push: create"],
    [405, "the registry answered 405"],
  ])("says what a %i means", async (status, message) => {
    proxy.setFault(() => ({ kind: "answer", status }));
    const [access] = await check([repository()]);
    expect(access).toMatchObject({ ok: false, error: expect.stringContaining(message) });
  });

  it.each([
    [403, true],
    [404, true],
    [405, true],
    [429, false],
    [503, false],
  ])("takes a %i for a refusal: %s", async (status, refused) => {
    proxy.setFault(() => ({ kind: "answer", status }));
    const accesses = await check([repository()]);
    expect(accesses).toMatchObject([{ ok: false, refused }]);
    const require = () => requirePushAccess(accesses);
    if (refused) expect(require).toThrow(VerificationError);
    else expect(require).not.toThrow();
  });

  it("asks every repository, and fails for those that refuse", async () => {
    proxy.setFault(({ path }) => (path.includes("closed") ? { kind: "answer", status: 403 } : undefined));
    const accesses = await check([repository("closed/a"), repository("open/a"), repository("closed/b")]);
    expect(accesses.map(({ ok }) => ok)).toEqual([false, true, false]);
    const require = () => requirePushAccess(accesses);
    expect(require).toThrow(VerificationError);
    expect(require).toThrow(/closed\/a: POST .*\n.*closed\/b: POST /);
    expect(() => requirePushAccess(accesses.filter(({ ok }) => ok))).not.toThrow();
  });
});

it("leaves no upload behind in a registry that cancels", async () => {
  const registry = await startRegistry();
  const proxy = await startFaultProxy(registry.address);
  try {
    await check([parseRepository(`${proxy.address}/team/app`)]);
    const session = proxy.requests.find(({ method }) => method === "DELETE")?.path;
    const upload = await fetch(`http://${registry.address}${session}`);
    expect(upload.status).toBe(404);
  } finally {
    await proxy.stop();
    await registry.stop();
  }
});
