import { afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { GitHubPackages } from "../../src/cleanup/github-packages.js";
import { messageOf } from "../../src/errors.js";
import { judgeGitHub } from "../../src/registry/github-api.js";
import type { Repository } from "../../src/registry/reference.js";
import type { ApiAnswer, ServiceSettings } from "../../src/registry/service-api.js";
import { clientSettings, seed } from "../support/client.js";
import { startFaultProxy } from "../support/fault-proxy.js";
import { type Behaviour, html, primaryRateLimit, secondaryRateLimit } from "../support/github-behaviour.js";
import {
  type GitHubPackagesOptions,
  type GitHubPackagesServer,
  startGitHubPackages,
} from "../support/github-packages.js";
import { makeImage } from "../support/image.js";
import { type RunningRegistry, startCraneRegistry } from "../support/registry.js";
import { messageThrownBy } from "../support/thrown.js";

const path = "acme/tools/app";
const versionsPath = "/orgs/acme/packages/container/tools%2Fapp/versions";
const token = "ghp_secret";
const rights =
  "Check it. GitHub wants a classic personal access token with read:packages and delete:packages, or in a workflow GITHUB_TOKEN with packages: write, of somebody who administers the package.";
const image = makeImage();
const { digest } = image.index.descriptor;
const digests = (count: number) =>
  Array.from({ length: count }, (_, at) => `sha256:${`${at}`.padStart(64, "0")}`);

let registry: RunningRegistry;
let repository: Repository;
let github: GitHubPackagesServer;
let waits: number[];

beforeAll(async () => {
  registry = await startCraneRegistry();
  repository = { registry: registry.address, path };
  return () => registry.stop();
});
beforeEach(() => {
  waits = [];
});
afterEach(() => github?.stop());

async function start(options: Partial<GitHubPackagesOptions> = {}): Promise<void> {
  github = await startGitHubPackages({ repository, token, ...options });
}

function packages(settings: Partial<ServiceSettings> = {}): GitHubPackages {
  const { credentials: _, plainHttp: __, push: ___, ...rest } = clientSettings;
  return new GitHubPackages(
    {
      ...rest,
      api: github.api,
      access: "Check it.",
      credential: { kind: "password", username: "me", password: token },
      sleep: async (delay) => waits.push(delay),
      ...settings,
    },
    repository,
  );
}

const asked = () => github.requests.map(({ method, path }) => `${method} ${path}`);
const said = (message: string) => message.replaceAll(registry.address, "ghcr.io");

describe("listVersions", () => {
  it.each([
    [0, 1],
    [1, 1],
    [100, 1],
    [101, 2],
    [250, 3],
  ])("reads %i versions from %i pages", async (count, pages) => {
    await start();
    github.publish(...digests(count).map((digest) => ({ digest })));
    const versions = await packages().listVersions();
    expect(versions.map((version) => version.digest)).toEqual(digests(count).toReversed());
    expect(asked()).toEqual([
      "GET /users/acme",
      `GET ${versionsPath}?per_page=100`,
      ...Array.from({ length: pages - 1 }, (_, at) => `GET ${versionsPath}?per_page=100&page=${at + 2}`),
    ]);
  });

  it("gives tags and the last change", async () => {
    await start();
    github.publish({ digest, tags: ["1.2.3", "latest"], updatedAt: "2026-01-09T08:00:00Z" });
    expect(await packages().listVersions()).toEqual([
      { id: 1000, digest, tags: ["1.2.3", "latest"], changed: Date.parse("2026-01-09T08:00:00Z") },
    ]);
  });

  it("takes a version once that moves to the next page while they are read", async () => {
    await start();
    github.publish(...digests(150).map((digest) => ({ digest })));
    github.meanwhile(({ path }) => path.includes("page=2") && github.publish({ digest }));
    const versions = await packages().listVersions();
    expect(new Set(versions.map(({ id }) => id)).size).toBe(versions.length);
    expect(versions).toHaveLength(150);
  });

  it("finds the package of a user", async () => {
    await start({ owner: "User" });
    github.publish({ digest });
    expect(await packages().listVersions()).toHaveLength(1);
    expect(asked()[1]).toContain("GET /users/acme/packages/container/tools%2Fapp/versions");
  });

  it("sends the token, and what GitHub wants to see", async () => {
    await start();
    await packages().listVersions();
    for (const { headers } of github.requests)
      expect(headers).toMatchObject({
        accept: "application/vnd.github+json",
        authorization: `Bearer ${token}`,
        "user-agent": "slipway",
        "x-github-api-version": "2022-11-28",
      });
  });

  it("refuses a repository that is no package", async () => {
    await start();
    const alone = new GitHubPackages(
      { ...clientSettings, api: github.api, access: "" },
      { registry: "ghcr.io", path: "acme" },
    );
    expect(await messageThrownBy(() => alone.listVersions())).toBe(
      'repository: expected an owner and a package, as in ghcr.io/acme/ci, got "ghcr.io/acme".',
    );
    expect(github.requests).toEqual([]);
  });

  it.each<[string, Partial<GitHubPackagesOptions>, Partial<ServiceSettings>, string]>([
    [
      "without a token",
      {},
      { credential: { kind: "helper", setting: "credsStore" } },
      `GET users/acme: answered 401 (Requires authentication). ${rights}`,
    ],
    [
      "with a wrong token",
      {},
      { credential: { kind: "identity-token", token: "wrong" } },
      `GET users/acme: answered 401 (Bad credentials). ${rights}`,
    ],
    [
      "of a package that is not there",
      { repository: { registry: "ghcr.io", path: "acme/other" } },
      {},
      `GET versions: answered 404 (Not Found). ${rights}`,
    ],
  ])("fails %s", async (_, options, settings, message) => {
    await start(options);
    const thrown = await messageThrownBy(() => packages(settings).listVersions());
    expect(said(thrown)).toBe(`ghcr.io/${path}: ${message}`);
    expect(thrown).not.toContain(token);
  });

  const answering =
    (body: unknown, headers: Record<string, string> = {}): Behaviour =>
    (_, response) => {
      response.writeHead(200, { "content-type": "application/json", ...headers });
      response.end(JSON.stringify(body));
    };
  const nested = (depth: number): unknown => (depth === 0 ? 0 : [nested(depth - 1)]);
  const version = {
    id: 1,
    name: digest,
    created_at: "2026-01-09T08:00:00Z",
    updated_at: "2026-01-09T08:00:00Z",
    metadata: { container: { tags: [] } },
  };

  it.each<[string, Behaviour, string]>([
    ["a page of HTML", html(200), "versions: the answer is not what its documentation says"],
    ["null", answering(null), "versions: the answer is not what its documentation says"],
    ["404", html(404), "GET versions: answered 404"],
    [
      "a version without tags",
      answering([{ ...version, metadata: { package_type: "container" } }]),
      "0: metadata: container",
    ],
    ["a version that is no manifest", answering([{ ...version, name: "1.2.3" }]), "0: name: is not a digest"],
    [
      "a tag that would lead elsewhere in a URL",
      answering([
        { ...version, metadata: { container: { tags: ["latest", "../../../other/manifests/latest"] } } },
      ]),
      "0: metadata: container: tags: 1: is not a tag",
    ],
    [
      "a next page that is no URL",
      answering([version], { link: '<http://[>; rel="next"' }),
      "versions: the link to its next page is no URL of HTTP without user name and password.",
    ],
    [
      "a next page that was read",
      answering([version], { link: `<${versionsPath}?per_page=100>; rel="next"` }),
      "versions: the list leads back to a page that was read, so it is not read to its end.",
    ],
    [
      "JSON nested deeply",
      answering(nested(150)),
      "versions: the answer is more than JSON nested at most 100 deep.",
    ],
    ["a version without a date", answering([{ ...version, updated_at: undefined }]), "0: updated_at"],
    [
      "a next page on another host",
      answering([version], { link: '<https://elsewhere.example/x>; rel="next"' }),
      "its next page is at https://elsewhere.example and not at",
    ],
    ["a failure of every attempt", html(502), "answered 502. Gave up after"],
  ])("takes %s for no list of versions", async (_, behaviour, message) => {
    await start();
    github.interrupt(/versions/, ...Array(9).fill(behaviour));
    expect(await messageThrownBy(() => packages().listVersions())).toContain(message);
  });

  const redirectTo =
    (location: string): Behaviour =>
    (_, response) =>
      void response.writeHead(307, { location }).end();

  it("follows a redirect within the API", async () => {
    await start();
    github.publish({ digest });
    github.interrupt(/versions/, redirectTo(`${versionsPath}?per_page=99`));
    expect(await packages().listVersions()).toHaveLength(1);
  });

  it("follows no redirect to another host", async () => {
    await start();
    const other = await startFaultProxy(registry.address);
    onTestFinished(other.stop);
    github.interrupt(/versions/, redirectTo(`http://${other.address}/versions`));
    expect(said(await messageThrownBy(() => packages().listVersions()))).toBe(
      `ghcr.io/${path}: GET versions: redirects to http://${other.address}, but only ${github.api} is asked.`,
    );
    expect(other.requests).toEqual([]);
  });

  it.each<[string, Behaviour, string]>([
    ["404", html(404), "GET versions: answered 404"],
    ["null", answering(null), "versions: the answer is not what its documentation says"],
  ])("takes no part of the list for all of it where the next page is %s", async (_, behaviour, message) => {
    await start();
    github.publish(
      ...Array.from({ length: 101 }, (_, at) => ({ digest: `sha256:${`${at}`.padStart(64, "0")}` })),
    );
    github.interrupt(/[?&]page=2/, behaviour);
    expect(await messageThrownBy(() => packages().listVersions())).toContain(message);
  });

  it.each<[string, Behaviour, (wait: number) => boolean]>([
    ["a secondary limit that names a wait", secondaryRateLimit(7), (wait) => wait === 7_000],
    ["a secondary limit that names none", secondaryRateLimit(), (wait) => wait === 60_000],
    ["a secondary limit as 429", secondaryRateLimit(undefined, 429), (wait) => wait === 60_000],
    ["a quota that is used up for a moment", primaryRateLimit(30), (wait) => wait > 28_000 && wait <= 30_000],
    ["a gateway's error", html(502), (wait) => wait === 1_000],
  ])("waits after %s, and goes on", async (_, behaviour, expected) => {
    await start();
    github.publish({ digest });
    github.interrupt(/versions/, behaviour);
    expect(await packages().listVersions()).toHaveLength(1);
    expect(waits).toHaveLength(1);
    expect(waits.filter(expected)).toEqual(waits);
  });

  it("does not wait for a quota that is used up for long", async () => {
    await start();
    github.interrupt(/versions/, primaryRateLimit(1800));
    expect(await messageThrownBy(() => packages().listVersions())).toMatch(
      /answered 403 \(API rate limit exceeded .* It asks to wait 30 min, more than the 2 min that are waited at most\./,
    );
    expect(waits).toEqual([]);
  });
});

describe("judgeGitHub", () => {
  const date = "Sat, 10 Jan 2026 12:00:00 GMT";
  const seconds = Date.parse(date) / 1000;

  it.each<[string, number, Record<string, string>, string, object]>([
    ["a refusal", 403, {}, "Must have admin rights", { failure: "denied", transient: false }],
    [
      "a used up quota",
      403,
      { date, "x-ratelimit-remaining": "0", "x-ratelimit-reset": `${seconds + 90}` },
      "",
      { failure: "rate-limited", transient: true, retryAfter: 90_000 },
    ],
    [
      "a quota that is reset by now",
      429,
      { date, "x-ratelimit-remaining": "0", "x-ratelimit-reset": `${seconds - 5}` },
      "",
      { failure: "rate-limited", transient: true, retryAfter: 1_000 },
    ],
    [
      "a used up quota without a date",
      403,
      { "x-ratelimit-remaining": "0", "x-ratelimit-reset": `${seconds}` },
      "",
      { failure: "rate-limited", transient: true, retryAfter: 60_000 },
    ],
    [
      "a wait that is named",
      403,
      { date, "retry-after": "5", "x-ratelimit-remaining": "0", "x-ratelimit-reset": `${seconds + 90}` },
      "",
      { failure: "rate-limited", transient: true, retryAfter: 5_000 },
    ],
    [
      "the last request of a quota that found nothing",
      404,
      { "x-ratelimit-remaining": "0" },
      "",
      { failure: "not-found", transient: false },
    ],
  ])("knows %s", (_, status, headers, text, verdict) => {
    const answer: ApiAnswer = { status, headers: new Headers(headers), url: "", text };
    expect(judgeGitHub(answer)).toEqual(verdict);
  });
});

describe("deleteVersion", () => {
  async function published(options: Partial<GitHubPackagesOptions> = {}) {
    await start(options);
    await seed(repository, image);
    github.publish({ digest: `sha256:${"9".repeat(64)}`, tags: ["latest"] }, { digest });
    const [version] = await packages().listVersions();
    if (version === undefined) throw new Error("The package has no versions.");
    return version;
  }
  const deletions = () => asked().filter((request) => request.startsWith("DELETE"));

  it("deletes, and pauses", async () => {
    const version = await published();
    expect(await packages().deleteVersion(version)).toEqual({ result: "deleted" });
    expect(github.digests()).not.toContain(digest);
    expect(deletions()).toEqual([`DELETE ${versionsPath}/${version.id}`]);
    expect(waits).toEqual([1_000]);
  });

  it("takes a version that is gone for deleted, without a request to delete", async () => {
    const version = await published();
    await packages().deleteVersion(version);
    expect(await packages().deleteVersion(version)).toEqual({ result: "absent" });
    expect(deletions()).toHaveLength(1);
  });

  it("takes a deletion whose answer was lost for done", async () => {
    const version = await published();
    github.meanwhile(async ({ method, path }) => {
      if (method !== "DELETE" || deletions().length > 1) return;
      // GitHub does its work, and the connection breaks.
      await fetch(`${github.api}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, "user-agent": "test" },
      });
      github.interrupt(/^DELETE/, html(502));
    });
    expect(await packages().deleteVersion(version)).toEqual({ result: "absent" });
  });

  it("leaves a version alone whose tags have changed since it was listed", async () => {
    const version = await published();
    const other = { ...version, digest: `sha256:${"f".repeat(64)}` };
    expect(await packages().deleteVersion(other)).toEqual({
      result: "refused",
      detail: `it became ${version.digest} in the meantime`,
    });
    const outcome = await packages().deleteVersion({ ...version, tags: ["test"] });
    expect(outcome).toEqual({ result: "refused", detail: "its tags became none in the meantime" });
    expect(deletions()).toEqual([]);
  });

  it("says that the token may not delete, which GitHub answers with 404", async () => {
    const version = await published({ readOnly: true });
    expect(said(await messageThrownBy(() => packages().deleteVersion(version)))).toBe(
      `ghcr.io/${path}: DELETE version ${version.id}: answered 404, but the version is there. ${rights}`,
    );
  });

  it.each([
    [
      { popular: true },
      "GitHub says: Publicly visible package versions with more than 5000 downloads cannot be deleted. Contact GitHub support for further assistance",
    ],
    [
      { tags: ["only"] },
      "GitHub says: You cannot delete the last tagged version of a package. You must delete the package instead",
    ],
  ])("gives the rule that forbids it: %j", async (kind, detail) => {
    await start();
    github.publish({ digest, ...kind });
    const [version] = await packages().listVersions();
    expect(version && (await packages().deleteVersion(version))).toEqual({ result: "refused", detail });
  });

  it.each<[string, Behaviour, string]>([
    ["a bad request of another kind", html(400), "answered 400."],
    ["a failure of every attempt", html(500), "answered 500. Gave up after 3 attempts."],
    ["a refusal", html(403), `answered 403. ${rights}`],
  ])("fails with %s", async (_, behaviour, message) => {
    const version = await published();
    github.interrupt(/^DELETE/, ...Array(3).fill(behaviour));
    expect(said(await messageThrownBy(() => packages().deleteVersion(version)))).toBe(
      `ghcr.io/${path}: DELETE version ${version.id}: ${message}`,
    );
    expect(github.digests()).toContain(digest);
  });

  it("shows the token in no error", async () => {
    await start();
    await github.stop();
    const error = await packages()
      .listVersions()
      .catch((thrown: unknown) => thrown);
    expect(messageOf(error)).toContain("GET users/acme: the connection was refused");
    expect(JSON.stringify(error) + messageOf(error)).not.toContain(token);
  });
});
