import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { DockerHub, judgeDockerHub } from "../../src/cleanup/docker-hub.js";
import { prune } from "../../src/cleanup/prune.js";
import { removeTag } from "../../src/cleanup/remove-tag.js";
import type { Credential } from "../../src/registry/credentials.js";
import type { Repository } from "../../src/registry/reference.js";
import type { ApiAnswer } from "../../src/registry/service-api.js";
import { attach, referrersTagOf } from "../support/artifact.js";
import { makeTarget, pruneRequest } from "../support/cleanup.js";
import { clientSettings, makeClient, seed } from "../support/client.js";
import { type DockerHubOptions, type DockerHubServer, startDockerHub } from "../support/docker-hub.js";
import { startFaultProxy } from "../support/fault-proxy.js";
import { makeImage } from "../support/image.js";
import { type RunningRegistry, startCraneRegistry } from "../support/registry.js";
import { messageThrownBy } from "../support/thrown.js";

const client = makeClient();
const image = makeImage();
const { digest } = image.index.descriptor;
const credential: Credential = { kind: "password", username: "me", password: "dckr_pat_secret" };
const rights =
  "Check it. Docker Hub wants a personal access token with the permissions Read, Write, Delete, of somebody who administers the repository.";

let registry: RunningRegistry;
let repository: Repository;
let server: DockerHubServer;
let waits: number[];
let used = 0;

beforeAll(async () => {
  registry = await startCraneRegistry();
});
afterAll(() => registry?.stop());
beforeEach(() => {
  repository = { registry: registry.address, path: `acme/app-${used++}` };
  waits = [];
});
afterEach(() => server?.stop());

async function start(options: Partial<DockerHubOptions> = {}): Promise<void> {
  server = await startDockerHub({ repository, user: "me", password: "dckr_pat_secret", ...options });
}

function hub(given: Credential | undefined = credential): DockerHub {
  const { credentials: _, plainHttp: __, push: ___, ...rest } = clientSettings;
  const settings = {
    ...rest,
    api: server.api,
    access: "Check it.",
    sleep: async (delay: number) => waits.push(delay),
  };
  return new DockerHub(given === undefined ? settings : { ...settings, credential: given }, repository);
}

const target = () =>
  makeTarget(
    repository,
    { credentials: new Map([[registry.address, credential]]) },
    { service: "docker-hub", api: server.api },
  );

const asked = () => server.requests.map(({ method, path }) => `${method} ${path}`);
const signIn = "POST /v2/auth/token";
const deletion = (tag: string) => `DELETE /v2/repositories/${repository.path}/tags/${tag}/`;
const said = (message: string) => message.replaceAll(`${registry.address}/${repository.path}`, "acme/app");

describe("deleteTag", () => {
  it("signs in once, and tells what was deleted from what was absent", async () => {
    await start();
    await seed(repository, image, "a", "b");
    const docker = hub();
    expect(await docker.deleteTag("a")).toBe("deleted");
    expect(await docker.deleteTag("a")).toBe("absent");
    expect(asked()).toEqual([signIn, deletion("a"), deletion("a")]);
    expect(await client.listTags(repository)).toEqual(["b"]);
  });

  it("signs in again where the token has expired", async () => {
    await start();
    await seed(repository, image, "a", "b");
    const docker = hub();
    await docker.deleteTag("a");
    server.expireTokens();
    expect(await docker.deleteTag("b")).toBe("deleted");
    expect(asked().slice(2)).toEqual([deletion("b"), signIn, deletion("b")]);
  });

  it("waits as long as a limit lasts", async () => {
    await start();
    await seed(repository, image, "a");
    server.limit(Math.floor(Date.now() / 1000) + 20);
    expect(await hub().deleteTag("a")).toBe("deleted");
    expect(waits).toHaveLength(1);
    expect(waits[0]).toBeGreaterThan(17_000);
    expect(waits[0]).toBeLessThanOrEqual(20_000);
  });

  it.each<[string, Partial<DockerHubOptions>, Credential | undefined, string]>([
    [
      "with a wrong password",
      { password: "another" },
      credential,
      `POST auth/token: answered 401 (Incorrect authentication credentials). ${rights}`,
    ],
    [
      "without the right to delete",
      { readOnly: true },
      credential,
      `DELETE tag a: answered 403 (access to the resource is forbidden with personal access token). ${rights}`,
    ],
    [
      "with what is no password",
      {},
      { kind: "identity-token", token: "dckr_pat_identity" },
      `a tag is deleted with user name and token only. ${rights}`,
    ],
  ])("fails %s", async (_, options, given, message) => {
    await start(options);
    await seed(repository, image, "a");
    const thrown = await messageThrownBy(() => hub(given).deleteTag("a"));
    expect(said(thrown)).toBe(`acme/app: ${message}`);
    expect(thrown).not.toContain("dckr_pat");
    expect(await client.listTags(repository)).toEqual(["a"]);
  });
});

describe("signing in", () => {
  it.each([301, 302, 303, 307, 308])("is sent on nowhere by %i", async (status) => {
    await start();
    const other = await startFaultProxy(registry.address);
    onTestFinished(other.stop);
    const api = await startFaultProxy(registry.address, {
      fault: () => ({ kind: "answer", status, headers: { location: `http://${other.address}/token` } }),
    });
    onTestFinished(api.stop);
    server = { ...server, api: `http://${api.address}` };
    expect(said(await messageThrownBy(() => hub().deleteTag("a")))).toBe(
      `acme/app: POST auth/token: redirects to http://${other.address}, but a request with a secret is not sent on.`,
    );
    expect(api.requests).toHaveLength(1);
    expect(other.requests).toEqual([]);
  });
});

describe("judgeDockerHub", () => {
  const date = "Sat, 10 Jan 2026 12:00:00 GMT";
  const seconds = Date.parse(date) / 1000;
  const limited = { failure: "rate-limited", transient: true };

  it.each<[string, number, Record<string, string>, object]>([
    [
      "a time to wait for",
      429,
      { date, "x-retry-after": `${seconds + 30}` },
      { ...limited, retryAfter: 30_000 },
    ],
    [
      "a time that has passed",
      429,
      { date, "x-retry-after": `${seconds - 30}` },
      { ...limited, retryAfter: 0 },
    ],
    ["a time without a date", 429, { "x-retry-after": `${seconds}` }, limited],
    ["a limit without a time", 429, { date }, limited],
    ["a wait in seconds", 429, { date, "retry-after": "3" }, { ...limited, retryAfter: 3_000 }],
    ["a refusal", 403, { date, "x-retry-after": `${seconds}` }, { failure: "denied", transient: false }],
  ])("knows %s", (_, status, headers, verdict) => {
    const answer: ApiAnswer = { status, headers: new Headers(headers), url: "", text: "" };
    expect(judgeDockerHub(answer)).toEqual(verdict);
  });
});

describe("a repository at Docker Hub", () => {
  it("loses a tag, and no other tag of the same image", async () => {
    await start();
    await seed(repository, image, "0.0.1-test", "1.2.3");
    expect(await removeTag(target(), "0.0.1-test")).toMatchObject({ digest, result: "deleted" });
    expect(await client.listTags(repository)).toEqual(["1.2.3"]);
    expect((await client.headManifest(repository, "1.2.3"))?.digest).toBe(digest);
  });

  it("loses named manifests by the registry's own deletion, referrers tags by the API", async () => {
    await start();
    await seed(repository, image);
    await attach(repository, image.index, "signature", { referrersTag: true });
    const { results } = await prune(target(), { ...pruneRequest, digests: [digest] });
    expect(results.map(({ result }) => result)).toEqual(Array(5).fill("deleted"));
    expect(asked()).toEqual([signIn, deletion(referrersTagOf(image.index))]);
    expect(await client.listTags(repository)).toEqual([]);
  });

  it("has no manifests to remove that nobody names", async () => {
    await start();
    await seed(repository, image);
    const outcome = await prune(target(), pruneRequest);
    expect(outcome).toMatchObject({ listsUntagged: false, plan: { kept: [], removable: [] } });
  });
});
