import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { ImageManifest } from "../../src/oci/manifest.js";
import { type Credentials, parseDockerConfig } from "../../src/registry/credentials.js";
import { pushImage } from "../../src/registry/publish.js";
import type { Repository } from "../../src/registry/reference.js";
import { verifyImage } from "../../src/registry/verify.js";
import { makeClient } from "../support/client.js";
import { type Fault, type FaultProxy, startFaultProxy } from "../support/fault-proxy.js";
import { makeImage } from "../support/image.js";
import { type RunningRegistry, startRegistry } from "../support/registry.js";
import { messageThrownBy } from "../support/thrown.js";
import {
  type RunningTokenIssuer,
  startTokenIssuer,
  type TokenIssuerOptions,
} from "../support/token-issuer.js";

const users: TokenIssuerOptions["users"] = {
  writer: { password: "s3cret", grants: { "team/app": ["pull", "push"], "team/other": ["pull", "push"] } },
  reader: { password: "s3cret", grants: { "team/app": ["pull"] } },
};
const image = makeImage();

interface Guarded {
  issuer: RunningTokenIssuer;
  /** Before the token issuer. */
  tokens: FaultProxy;
  registry: RunningRegistry;
  stop(): Promise<void>;
}

async function startGuarded(options: Omit<TokenIssuerOptions, "users">): Promise<Guarded> {
  const issuer = await startTokenIssuer({ ...options, users });
  const tokens = await startFaultProxy(issuer.address);
  const registry = await startRegistry({ tokenAuth: { ...issuer, realm: `http://${tokens.address}/token` } });
  const stop = async () => {
    await registry.stop();
    await tokens.stop();
    await issuer.stop();
  };
  return { issuer, tokens, registry, stop };
}

const as = (registry: string, username: string, password = "s3cret"): Credentials =>
  new Map([[registry, { kind: "password", username, password }]]);

describe("at a registry with token authentication", () => {
  let guarded: Guarded;
  let repository: Repository;
  let asked: number;
  const issued = () => guarded.issuer.requests.slice(asked);

  beforeAll(async () => {
    guarded = await startGuarded({ anonymous: { "public/app": ["pull"] } });
    repository = { registry: guarded.registry.address, path: "team/app" };
  });
  afterAll(() => guarded?.stop());
  beforeEach(() => {
    guarded.tokens.clear();
    asked = guarded.issuer.requests.length;
  });

  it("asks for one token, with the right to push from the first request on", async () => {
    const writer = makeClient({ credentials: as(repository.registry, "writer"), push: [repository] });
    await pushImage(writer, repository, image);
    await writer.putManifest(repository, "latest", image.index);
    await verifyImage(writer, repository, "latest");
    expect(issued()).toEqual([{ user: "writer", scopes: ["repository:team/app:pull,push"], status: 200 }]);
  });

  it("asks for no more than the right to pull where nothing is to be pushed", async () => {
    const reader = makeClient({ credentials: as(repository.registry, "reader") });
    await verifyImage(reader, repository, "latest");
    expect(issued()).toEqual([{ user: "reader", scopes: ["repository:team/app:pull"], status: 200 }]);
  });

  it("asks for the right to pull from where it mounts", async () => {
    const other = { ...repository, path: "team/other" };
    const writer = makeClient({ credentials: as(repository.registry, "writer"), push: [other] });
    const [layer] = image.variants[0]?.manifest.layers ?? [];
    if (layer === undefined) throw new Error("The image has no layer.");
    expect(await writer.putBlob(other, layer, () => image.content.open(layer), "team/app")).toBe("mounted");
    expect(issued().at(-1)?.scopes).toEqual(["repository:team/other:pull,push", "repository:team/app:pull"]);
  });

  it.each<[string, Credentials | undefined, string]>([
    [
      "credentials without the right to push",
      as("<registry>", "reader"),
      "Check that the credentials given for <registry> may do this in team/app.",
    ],
    [
      "no credentials",
      undefined,
      "No credentials were given for <registry>: pass --docker-config, or with-registry-auth --address <registry>.",
    ],
    [
      "credentials in a credsStore",
      parseDockerConfig('{"auths":{"<registry>":{}},"credsStore":"desktop"}'),
      '<registry>: its credentials are kept by credsStore "desktop", a program that does not exist in a container. Pass them with with-registry-auth --address <registry> --username … --secret env://…, or give a config.json with an auths entry.',
    ],
    [
      "credentials in a credHelper",
      parseDockerConfig('{"credHelpers":{"<registry>":"ecr-login"}}'),
      '<registry>: its credentials are kept by credHelpers "ecr-login", a program that does not exist in a container. Pass them with with-registry-auth --address <registry> --username … --secret env://…, or give a config.json with an auths entry.',
    ],
  ])("says what to do about %s", async (_, given, advice) => {
    const { registry } = repository;
    const credentials = new Map(
      [...(given ?? [])].map(([host, kept]) => [host.replace("<registry>", registry), kept]),
    );
    const client = makeClient({ credentials, push: [repository] });
    const put = () => client.putManifest(repository, "latest", image.index);
    expect(await messageThrownBy(put)).toBe(
      `${registry}/team/app: PUT manifests/latest: the registry answered 401 (UNAUTHORIZED: authentication required). ${advice.replaceAll("<registry>", registry)}`,
    );
  });

  it.each([
    ["anonymously", new Map()],
    ["beside a credsStore that cannot be used", parseDockerConfig('{"credsStore":"desktop"}')],
  ])("reads what is public %s", async (_, credentials) => {
    const open = { ...repository, path: "public/app" };
    expect(await makeClient({ credentials }).headManifest(open, "latest")).toBeUndefined();
    expect(issued()).toEqual([{ scopes: ["repository:public/app:pull"], status: 200 }]);
  });

  it("names the registry where the password is wrong, and neither password nor token", async () => {
    const stranger = makeClient({ credentials: as(repository.registry, "writer", "wr0ng") });
    const message = await messageThrownBy(() => stranger.headManifest(repository, "latest"));
    expect(message).toBe(
      `${repository.registry}: refused the credentials given for it: 401 (incorrect username or password). Check user name and token for ${repository.registry}.`,
    );
    expect(issued()).toHaveLength(1);
  });

  const fault = (status: number, body = ""): Fault => ({ kind: "answer", status, body });
  it.each<[string, Fault[], string]>([
    [
      "is down for good",
      Array(5).fill(fault(503)),
      "its token service answered 503. Gave up after 5 attempts.",
    ],
    [
      "limits the rate",
      Array(5).fill(fault(429)),
      "its token service answered 429. Gave up after 5 attempts.",
    ],
    ["does not know the request", [fault(404)], "its token service answered 404."],
    [
      "breaks off",
      Array(5).fill({ kind: "reset" }),
      "its token service: the connection was reset. Gave up after 5 attempts.",
    ],
    [
      "answers without a token",
      Array(5).fill(fault(200, "<html>")),
      "its token service answered without a token. Gave up after 5 attempts.",
    ],
  ])("tells a token service that %s from credentials that are wrong", async (_, faults, message) => {
    const writer = makeClient({ credentials: as(repository.registry, "writer") });
    guarded.tokens.setFault(() => faults.shift());
    expect(await messageThrownBy(() => writer.headManifest(repository, "latest"))).toBe(
      `${repository.registry}: ${message}`,
    );
    expect(faults).toEqual([]);
    expect((await writer.headManifest(repository, "latest"))?.digest).toBe(image.index.descriptor.digest);
  });
});

describe("when a token expires", () => {
  it("renews it once, in the middle of a push, for all requests", async () => {
    // The issuer promises five minutes, the registry takes the token for two to three seconds.
    const { issuer, tokens, registry, stop } = await startGuarded({
      lifetimeSeconds: 2,
      announcedSeconds: 300,
    });
    onTestFinished(stop);
    // Every request finds the old token refused before there is a new one.
    tokens.setFault(() => ({ kind: "delay", milliseconds: 100 }));
    const repository = { registry: registry.address, path: "team/app" };
    const writer = makeClient({ credentials: as(registry.address, "writer"), push: [repository] });
    let expired: Promise<void> | undefined;
    const { content } = image;
    const slow = {
      ...image,
      content: {
        ...content,
        open: async (blob: ImageManifest["config"]) => {
          expired ??= sleep(3_000);
          await expired;
          return content.open(blob);
        },
      },
    };

    expect((await pushImage(writer, repository, slow)).blobs).toMatchObject({ sent: 5 });

    expect(issuer.requests).toHaveLength(2);
    await verifyImage(writer, repository, image.index.descriptor.digest);
  });

  it("renews it before, where the issuer says how long it lives", async () => {
    const { issuer, registry, stop } = await startGuarded({ announcedSeconds: 11 });
    onTestFinished(stop);
    vi.useFakeTimers({ toFake: ["Date"] });
    onTestFinished(() => void vi.useRealTimers());
    const repository = { registry: registry.address, path: "team/app" };
    const reader = makeClient({ credentials: as(registry.address, "reader") });
    const readAll = () => Promise.all(["1", "2", "3"].map((tag) => reader.headManifest(repository, tag)));

    await readAll();
    await readAll();
    expect(issuer.requests).toHaveLength(1);
    vi.setSystemTime(Date.now() + 1_500);
    const before = reader.traffic.requests;
    await readAll();

    expect(issuer.requests).toHaveLength(2);
    expect(reader.traffic.requests - before).toBe(3);
  });
});
