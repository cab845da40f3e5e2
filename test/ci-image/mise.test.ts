import { fetch } from "undici";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { githubRetry, type MiseQuery, resolveMise } from "../../src/ci-image/mise.js";
import { InputError } from "../../src/errors.js";
import { sendEndlessly } from "../support/endless.js";
import { type GitHub, type GitHubOptions, startGitHub } from "../support/github.js";
import {
  type Behaviour,
  badCredentials,
  down,
  html,
  interrupted,
  notFound,
  ok,
  plainVersion,
  primaryRateLimit,
  secondaryRateLimit,
  slow,
  truncatedJson,
} from "../support/github-behaviour.js";

const now = Date.UTC(2025, 11, 13, 14, 0, 0);
const day = 86_400_000;

const release = { tag: "v2025.12.13", publishedAt: "2025-12-12T14:00:00Z" };
const releasePath = "/repos/jdx/mise/releases/latest";

const github = { version: "2025.12.13", source: "github", publishedAt: new Date(now - day), age: day };
const versionFile = {
  version: "2025.12.12",
  source: "mise.jdx.dev",
  publishedAt: new Date(now - 2 * day),
  age: 2 * day,
};
const label = {
  version: "2025.12.10",
  source: "published-label",
  publishedAt: new Date(now - 3 * day),
  age: 3 * day,
};

const lastModified = { "last-modified": "Thu, 11 Dec 2025 14:00:00 GMT" };
const datedVersion = reply(200, "2025.12.12\n", lastModified);
const forbidden = reply(403, '{"message":"Resource not accessible by personal access token"}');
/** Sends the head of an answer, and no more. */
const stalled: Behaviour = (_request, response) => {
  response.writeHead(200, { "content-length": 99 }).flushHeaders();
};
const late = slow(60_000, ok(release));
const unending: Behaviour = (_request, response) => sendEndlessly(response, Buffer.alloc(1 << 16, " "));
/** Answers that never end: only they get a short timeout, so that a busy machine fails no test. */
const endless: ReadonlySet<Behaviour> = new Set([stalled, late]);

function reply(status: number, body: string, headers: Record<string, string> = {}): Behaviour {
  return (_request, response) => void response.writeHead(status, headers).end(body);
}

/** A release of another shape than the stand-in's own. */
function altered(change: object): Behaviour {
  const { tag, publishedAt } = release;
  const body = { tag_name: tag, draft: false, prerelease: false, published_at: publishedAt, ...change };
  return reply(200, JSON.stringify(body), { "content-type": "application/json" });
}

// The stand-in's quotas are reset at times of the same clock.
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now }));
afterEach(() => void vi.useRealTimers());

/** Resolves against stand-ins that serve unless told otherwise; no wait takes any time. */
async function resolve(options: Partial<GitHubOptions> = {}, query: Partial<MiseQuery> = {}) {
  const { behaviours = [ok(release)], version = [datedVersion] } = options;
  const { address, requests, stop } = await startGitHub({ behaviours, version });
  onTestFinished(stop);
  const waits: number[] = [];
  const resolved = await resolveMise({
    wanted: "latest",
    pin: "2025.11.1",
    fetch,
    githubApi: new URL(`http://${address}`),
    versionUrl: new URL(`http://${address}/VERSION`),
    publishedLabel: async () => ({ version: "2025.12.10", created: new Date(now - 3 * day) }),
    now: Date.now,
    timeout: [...behaviours, ...version].some((behaviour) => endless.has(behaviour)) ? 150 : 10_000,
    sleep: async (delay) => waits.push(delay),
    ...query,
  });
  return { resolved, waits, paths: requests.map(({ path }) => path), requests };
}

describe("an exact version", () => {
  it.each([
    ["2025.12.13", "2025.12.13"],
    ["v2025.12.13", "2025.12.13"],
    ["2024.1.0", "2024.1.0"],
  ])("%s is taken without a request", async (wanted, version) => {
    const { resolved, paths } = await resolve({}, { wanted });
    expect(resolved).toEqual({ version, source: "pinned", notes: [] });
    expect(paths).toEqual([]);
  });

  it.each([
    "",
    "Latest",
    "2025",
    "2025.12",
    "2025.13.0",
    "2025.12.13-rc.1",
    "2025.12.13\n",
    "1.2.3",
    "vv2025.12.13",
  ])("%j is refused with an example", async (wanted) => {
    const error = await resolve({}, { wanted }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InputError);
    expect(error).toHaveProperty(
      "message",
      `mise version: expected "latest" or an exact version such as 2025.12.13, got "${wanted.replace("\n", " ")}".`,
    );
  });

  it("is what the pin has to be, even while GitHub serves", async () => {
    await expect(resolve({}, { pin: "latest" })).rejects.toThrow(
      'mise pin: expected an exact version such as 2025.12.13, got "latest".',
    );
  });
});

describe("GitHub serves", () => {
  it.each<[string, Behaviour[], number[]]>([
    ["at once", [], []],
    ["after a 500", [html(500)], [1_000]],
    ["after a dropped connection", [down()], [1_000]],
    ["after a timeout", [late], [1_000]],
    ["after an answer that stalls", [stalled], [1_000]],
    ["after a body that breaks off", [interrupted(release)], [1_000]],
    ["after truncated JSON", [truncatedJson(release)], [1_000]],
    ["at the third retry", [html(502), down(), interrupted(release)], [1_000, 2_000, 4_000]],
    ["after a primary limit that is reset soon", [primaryRateLimit(4)], [4_000]],
    ["after a primary limit that was just reset", [primaryRateLimit(-4, 429)], [1_000]],
    ["after a secondary limit with a short wait", [secondaryRateLimit(3)], [3_000]],
    ["after a 429 with a short wait", [secondaryRateLimit(2, 429)], [2_000]],
  ])("%s", async (_name, failures, expectedWaits) => {
    const { resolved, waits, paths } = await resolve({ behaviours: [...failures, ok(release)] });
    expect(resolved).toEqual({ ...github, notes: [] });
    expect(waits).toEqual(expectedWaits);
    expect(paths).toEqual([...failures, ok].map(() => releasePath));
  });

  it("under a base path, as GitHub Enterprise Server does", async () => {
    const apis = ["http://127.0.0.1:9/api/v3", "http://127.0.0.1:9/api/v3/"];
    const asked: string[] = [];
    const recording: MiseQuery["fetch"] = async (url) => {
      asked.push(url);
      throw new TypeError("fetch failed");
    };
    for (const api of apis) await resolve({}, { githubApi: new URL(api), fetch: recording });
    expect(asked.filter((url) => url.includes("releases"))).toEqual(
      apis.map(() => `http://127.0.0.1:9/api/v3${releasePath}`),
    );
  });

  it("and is never of a negative age", async () => {
    expect((await resolve({}, { now: () => now - 7 * day })).resolved).toMatchObject({ age: 0 });
  });
});

describe("mise.jdx.dev serves where GitHub", () => {
  const brokenOff = `GET ${releasePath}: the answer broke off:`;
  const incomplete = "the connection was closed before the answer was complete.";
  const gaveUp = "Gave up after 4 attempts.";
  const tooLong = (wait: string) => `It asks to wait ${wait}, more than the 10 s that are waited at most.`;
  const limited = (until: string, status: number) =>
    `rate limited until 2025-12-13 ${until} UTC (answered ${status}).`;
  const spent = { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(now / 1000 + 3600) };

  it.each<[string, Behaviour, number, string]>([
    ["is down", down(), 4, `the connection was reset. ${gaveUp}`],
    ["is slow", late, 4, `there was no answer in time. ${gaveUp}`],
    ["stalls", stalled, 4, `${brokenOff} there was no answer in time. ${gaveUp}`],
    ["fails", html(500), 4, `answered 500. ${gaveUp}`],
    ["breaks off", interrupted(release), 4, `${brokenOff} ${incomplete} ${gaveUp}`],
    [
      "does not end",
      unending,
      1,
      `GET ${releasePath}: the answer is larger than 8388608 bytes, the most that is read of such an answer.`,
    ],
    ["truncates its JSON", truncatedJson(release), 4, `answered broken JSON. ${gaveUp}`],
    ["sends a page", html(200), 1, "answered text/html; charset=utf-8 instead of JSON."],
    ["has no release", notFound(), 1, "answered 404."],
    ["forbids", forbidden, 1, "answered 403."],
    ["is at its primary limit", primaryRateLimit(1800), 1, `${limited("14:30", 403)} ${tooLong("30 min")}`],
    ["says so by 429", primaryRateLimit(1800, 429), 1, `${limited("14:30", 429)} ${tooLong("30 min")}`],
    ["says so in headers alone", reply(403, "", spent), 1, `${limited("15:00", 403)} ${tooLong("60 min")}`],
    ["is at its secondary limit", secondaryRateLimit(), 1, `${limited("14:01", 403)} ${tooLong("60 s")}`],
    ["asks to wait long", secondaryRateLimit(300, 429), 1, `${limited("14:05", 429)} ${tooLong("5 min")}`],
    ["stays at a short limit", secondaryRateLimit(2), 4, `${limited("14:00", 403)} ${gaveUp}`],
  ])("%s", async (_name, behaviour, requests, note) => {
    const { resolved, paths } = await resolve({ behaviours: [behaviour] });
    expect(resolved).toEqual({ ...versionFile, notes: [`github: ${note}`] });
    expect(paths).toEqual([...Array<string>(requests).fill(releasePath), "/VERSION"]);
  });

  it.each<[string, Behaviour, string]>([
    ["a draft", altered({ draft: true }), "draft: is a draft."],
    ["a prerelease", altered({ prerelease: true }), "prerelease: is a prerelease."],
    ["a release candidate", ok({ ...release, tag: "v2025.12.13-rc.1" }), 'got "v2025.12.13-rc.1".'],
    ["a tag with a line break", ok({ ...release, tag: "v2025.12.0\n" }), 'got "v2025.12.0\\n".'],
    ["a tag of another part", ok({ ...release, tag: "vfox-v2025.12.0" }), 'got "vfox-v2025.12.0".'],
    ["a tag without v", ok({ ...release, tag: "2025.12.0" }), 'like v2025.12.13, got "2025.12.0".'],
    ["no tag", altered({ tag_name: undefined }), "tag_name: "],
    ["no date", altered({ published_at: null }), "published_at: is not a date."],
    ["no object", reply(200, "null", { "content-type": "application/json" }), "expected object"],
  ])("answers %s", async (_name, behaviour, note) => {
    const { resolved, paths } = await resolve({ behaviours: [behaviour] });
    expect(resolved).toEqual({ ...versionFile, notes: [expect.stringContaining(note)] });
    expect(resolved.notes[0]).toMatch(/^github: answered something else than a release: [^\n]*\.$/);
    expect(paths).toEqual([releasePath, "/VERSION"]);
  });

  it("and has no age without Last-Modified", async () => {
    const { resolved } = await resolve({ behaviours: [notFound()], version: [plainVersion("2025.12.12")] });
    expect(resolved).toEqual({ version: "2025.12.12", source: "mise.jdx.dev", notes: [expect.any(String)] });
  });
});

describe("the label of the published image serves where mise.jdx.dev", () => {
  it.each<[string, Behaviour, string]>([
    ["is down", down(), "the connection was reset."],
    ["is slow", late, "there was no answer in time."],
    ["fails", html(503), "answered 503."],
    [
      "is rate limited",
      secondaryRateLimit(120, 429),
      "rate limited until 2025-12-13 14:02 UTC (answered 429).",
    ],
    ["sends a page", html(200), 'got "<!DOCTYPE html>\\n'],
    ["sends nothing", reply(200, ""), 'expected a version like 2025.12.13, got "".'],
    ["sends a tag", plainVersion("v2025.12.0"), 'got "v2025.12.0".'],
    ["sends two lines", plainVersion("2025.12.0\n2025.12.1"), 'got "2025.12.0\\n2025.12.1".'],
  ])("%s", async (_name, behaviour, note) => {
    const { resolved, paths } = await resolve({ behaviours: [primaryRateLimit()], version: [behaviour] });
    expect(resolved).toEqual({
      ...label,
      notes: [expect.stringMatching(/^github: rate limited until/), expect.stringContaining(note)],
    });
    expect(resolved.notes[1]).toMatch(/^mise\.jdx\.dev: [^\n]+\.$/);
    expect(paths).toEqual([releasePath, "/VERSION"]);
  });

  it("and has no age where the image has none", async () => {
    const options = { behaviours: [notFound()], version: [notFound()] };
    const { resolved } = await resolve(options, { publishedLabel: async () => ({ version: "2025.12.10" }) });
    expect(resolved).toMatchObject({ version: "2025.12.10", source: "published-label" });
    expect(resolved).not.toHaveProperty("age");
  });
});

describe("the pin serves where all is down and the label", () => {
  it.each<[string, MiseQuery["publishedLabel"], string]>([
    ["is absent", async () => undefined, "no published image carries a version."],
    [
      "holds no version",
      async () => ({ version: "<no value>" }),
      'answered something else than a release: expected a version like 2025.12.13, got "<no value>".',
    ],
    ["cannot be read", () => Promise.reject(new Error("ghcr.io: answered 503.")), "ghcr.io: answered 503."],
  ])("%s", async (_name, publishedLabel, note) => {
    const options = { behaviours: [down()], version: [down()] };
    const { resolved } = await resolve(options, { publishedLabel, pin: "v2025.11.1" });
    expect(resolved).toEqual({
      version: "2025.11.1",
      source: "pin",
      notes: [
        "github: the connection was reset. Gave up after 4 attempts.",
        "mise.jdx.dev: the connection was reset.",
        `published-label: ${note}`,
      ],
    });
  });
});

it("asks under a name of its own, which GitHub requires", async () => {
  const { requests } = await resolve({ behaviours: [notFound()] });
  expect(requests.map(({ headers }) => headers["user-agent"])).toEqual(["slipway", "slipway"]);
});

describe("the token", () => {
  const secret = "ghp_s3cretS3cret";
  const token = async () => secret;
  const authorizations = ({ requests }: Pick<GitHub, "requests">) =>
    requests.map(({ headers }) => headers.authorization);

  it("goes to GitHub and to nobody else", async () => {
    const outcome = await resolve({ behaviours: [notFound()] }, { token: async () => `${secret}\n` });
    expect(authorizations(outcome)).toEqual([`Bearer ${secret}`, undefined]);
  });

  it.each<[string, Behaviour, number]>([
    ["unknown", badCredentials(), 401],
    ["not allowed to read the release", forbidden, 403],
  ])("is dropped at once where it is %s", async (_name, behaviour, status) => {
    const outcome = await resolve({ behaviours: [behaviour, ok(release)] }, { token });
    expect(outcome.resolved).toEqual({
      ...github,
      notes: [`github: the token was rejected with ${status} and is not used.`],
    });
    expect(authorizations(outcome)).toEqual([`Bearer ${secret}`, undefined]);
    expect(outcome.waits).toEqual([githubRetry.baseDelay / 10]);
  });

  it("has its rejection counted among the four requests", async () => {
    const outcome = await resolve({ behaviours: [badCredentials(), html(500)] }, { token });
    expect(outcome.resolved).toEqual({
      ...versionFile,
      notes: [
        "github: the token was rejected with 401 and is not used.",
        "github: answered 500. Gave up after 4 attempts.",
      ],
    });
    expect(outcome.paths.filter((path) => path === releasePath)).toHaveLength(githubRetry.attempts);
  });

  it("is kept where its limit is spent", async () => {
    const outcome = await resolve({ behaviours: [primaryRateLimit(4), ok(release)] }, { token });
    expect(authorizations(outcome)).toEqual([`Bearer ${secret}`, `Bearer ${secret}`]);
  });

  it.each<[string, () => Promise<string>, string[]]>([
    ["empty", async () => " \n", []],
    ["malformed", async () => `${secret}\nx`, ["github: the token is malformed and is not used."]],
    [
      "unreadable",
      () => Promise.reject(new Error(`no ${secret}`)),
      ["github: the token cannot be read and is not used."],
    ],
  ])("is left out where it is %s", async (_name, unusable, notes) => {
    const outcome = await resolve({}, { token: unusable });
    expect(outcome.resolved).toEqual({ ...github, notes });
    expect(authorizations(outcome)).toEqual([undefined]);
  });

  const failures: Record<string, Behaviour> = {
    badCredentials: badCredentials(),
    forbidden,
    down: down(),
    html: html(200),
    interrupted: interrupted(release),
    late,
    primaryRateLimit: primaryRateLimit(),
    secondaryRateLimit: secondaryRateLimit(),
    truncatedJson: truncatedJson(release),
  };
  it.each(Object.entries(failures))("appears in no note after %s", async (_name, behaviour) => {
    const outcome = await resolve({ behaviours: [behaviour] }, { token });
    expect(authorizations(outcome)).toContain(`Bearer ${secret}`);
    expect(outcome.resolved.notes).not.toHaveLength(0);
    expect(JSON.stringify(outcome.resolved)).not.toContain(secret);
  });
});
