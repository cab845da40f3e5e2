import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Response } from "undici";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ForgeAccess, openForge } from "../../src/forge/forge.js";
import { originOf } from "../../src/forge/origin.js";
import type { Forge, ForgeRelease } from "../../src/forge/release.js";
import { directFetch, noWait } from "../support/client.js";
import { type StandInForge, startGitHubReleases, startGitLabReleases } from "../support/forge.js";
import { makeTemporaryDirectory } from "../support/temporary-directory.js";
import { messageThrownBy } from "../support/thrown.js";

const commit = "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d";
const retry = { attempts: 2, baseDelay: 0, maxDelay: 0 };
const delivery = { fetch: directFetch, pushRetry: retry, readRetry: retry, sleep: noWait };

/** A release of files with these contents. */
function releaseOf(contents: Record<string, string>, tag = "v1.2.3"): ForgeRelease {
  const { path: directory } = makeTemporaryDirectory();
  const files = Object.entries(contents).map(([name, content]) => {
    const path = join(directory, name);
    writeFileSync(path, content);
    const digest = `sha256:${createHash("sha256").update(content).digest("hex")}`;
    return { name, path, size: Buffer.byteLength(content), digest };
  });
  return { tag, commit, notes: "- a change", isPreRelease: false, files };
}

const contents = { "app-linux-amd64": "one", "app-linux-arm64": "another", "checksums.txt": "sums" };
const names = Object.keys(contents);
const how = (outcomes: Awaited<ReturnType<Forge["publish"]>>) => outcomes.map((outcome) => outcome.how);

/** The forge at an address, which a host on loopback stands in for. */
function open(
  { url }: StandInForge,
  kind: "github" | "gitlab",
  { token = "t-1", ...others }: { token?: string } & Partial<ForgeAccess["delivery"]> = {},
): Forge {
  const { fetch = directFetch } = others;
  const { host } = new URL(url);
  const path = kind === "github" ? "acme/app" : "group/sub/app";
  const toStandIn: typeof directFetch = (input, init) =>
    fetch(input.replace(`http://${host}/api/v3`, url), init);
  const name = kind === "github" ? "GITHUB_TOKEN" : "GITLAB_TOKEN";
  return openForge({
    origin: originOf(host, path),
    tokens: new Map([[name, token]]),
    plainHttp: [host],
    delivery: { ...delivery, ...others, fetch: toStandIn },
  });
}

const writes = ({ requests }: StandInForge) => requests.filter(({ method }) => method !== "GET");

let forge: StandInForge;
afterEach(() => forge.stop());

describe.each([
  ["GitHub", "github", () => startGitHubReleases({ "v1.2.3": commit, "v1.2.3-rc.1": commit })],
  [
    "GitHub where releases are immutable",
    "github",
    () => startGitHubReleases({ "v1.2.3": commit }, { immutable: true }),
  ],
  ["GitLab", "gitlab", () => startGitLabReleases()],
] as const)("a release at %s", (_, kind, start) => {
  beforeEach(async () => {
    forge = await start();
  });

  it("has all files, appears with them, and is left alone by a repeat", async () => {
    const release = releaseOf(contents);
    expect(await open(forge, kind).publish(release)).toEqual(
      names.map((name) => ({ name, how: "uploaded" })),
    );
    expect(forge.shown("v1.2.3")).toEqual(contents);
    forge.requests.length = 0;
    expect(how(await open(forge, kind).publish(release))).toEqual(["existed", "existed", "existed"]);
    expect(writes(forge)).toEqual([]);
  });

  it.each(Array.from({ length: 14 }, (_, number) => number))(
    "shows nothing that is not whole where request %i and all after it fail, and is completed by the next run",
    async (broken) => {
      const release = releaseOf(contents);
      forge.fault = ({ number }) => (number >= broken ? 403 : undefined);
      await open(forge, kind)
        .publish(release)
        .catch(() => {});
      const shown = forge.shown("v1.2.3");
      if (shown !== undefined) expect(shown).toEqual(contents);
      forge.fault = undefined;
      await open(forge, kind).publish(release);
      expect(forge.shown("v1.2.3")).toEqual(contents);
    },
  );

  it.each(Array.from({ length: 14 }, (_, number) => number))(
    "is whole where the answer to request %i is lost",
    async (lost) => {
      forge.fault = ({ number }) => (number === lost ? "lost" : undefined);
      await open(forge, kind).publish(releaseOf(contents));
      expect(forge.shown("v1.2.3")).toEqual(contents);
    },
  );

  it("refuses a file that is there with other content, and changes nothing", async () => {
    await open(forge, kind).publish(releaseOf(contents));
    forge.requests.length = 0;
    const message = await messageThrownBy(() =>
      open(forge, kind).publish(releaseOf({ ...contents, "checksums.txt": "SUMS", "new.txt": "new" })),
    );
    expect(message).toMatch(
      /: the release v1\.2\.3 has checksums\.txt with other content\. Nothing was overwritten/,
    );
    expect(writes(forge)).toEqual([]);
    expect(forge.shown("v1.2.3")).toEqual(contents);
  });

  it("says what a token has to be where one is refused", async () => {
    const message = await messageThrownBy(() =>
      open(forge, kind, { token: "t-2" }).publish(releaseOf(contents)),
    );
    expect(message).toMatch(/: answered 401 \(Bad credentials\)\. Git(Hub|Lab) wants a token /);
    expect(message).not.toContain("t-2");
  });
});

describe("a release at GitHub", () => {
  it("names the tag that was built, and no other commit", async () => {
    forge = await startGitHubReleases({ "v1.2.3": commit.replace("1a", "ff") });
    const message = await messageThrownBy(() => open(forge, "github").publish(releaseOf(contents)));
    expect(message).toContain(`tag v1.2.3: expected ${commit}, got "${commit.replace("1a", "ff")}".`);
    expect(
      await messageThrownBy(() => open(forge, "github").publish(releaseOf(contents, "v2.0.0"))),
    ).toContain('got "no such tag". Push the tag');
    expect(writes(forge)).toEqual([]);
  });

  it("uploads a file anew of which a part has arrived", async () => {
    const github = await startGitHubReleases({ "v1.2.3": commit });
    forge = github;
    const release = releaseOf(contents);
    await open(forge, "github").publish(release);
    Object.assign(github.releases[0]?.assets[1] ?? {}, { state: "starter", content: Buffer.from("ano") });
    expect(how(await open(forge, "github").publish(release))).toEqual(["existed", "uploaded", "existed"]);
    expect(forge.shown("v1.2.3")).toEqual(contents);
  });

  it("is latest by its version, and a pre-release where it is one", async () => {
    const github = await startGitHubReleases({ "v1.2.3-rc.1": commit });
    forge = github;
    await open(forge, "github").publish({ ...releaseOf(contents, "v1.2.3-rc.1"), isPreRelease: true });
    expect(github.releases).toMatchObject([{ latest: "legacy", prerelease: true, body: "- a change" }]);
  });

  it.each([
    ["the limit of a minute", {}, 60_000],
    ["the quota of an hour", { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1700000090" }, 90_000],
  ])("waits for %s, as GitHub asks for", async (_, headers, wait) => {
    forge = await startGitHubReleases({ "v1.2.3": commit });
    const message = wait === 60_000 ? "You have exceeded a secondary rate limit." : "API rate limit exceeded";
    const waits: number[] = [];
    let refused = false;
    const fetch: typeof directFetch = async (url, init) => {
      if (init?.method !== "POST" || refused) return directFetch(url, init);
      refused = true;
      return new Response(JSON.stringify({ message }), {
        status: 403,
        headers: { date: "Tue, 14 Nov 2023 22:13:20 GMT", ...headers },
      });
    };
    const sleep = async (delay: number) => void waits.push(delay);
    const pushRetry = { ...retry, maxDelay: 120_000 };
    await open(forge, "github", { fetch, sleep, pushRetry }).publish(releaseOf(contents));
    expect(waits).toEqual([wait]);
    expect(forge.shown("v1.2.3")).toEqual(contents);
  });

  it("sends no file where GitHub's answer leads elsewhere", async () => {
    forge = await startGitHubReleases({ "v1.2.3": commit }, { uploads: "https://uploads.example.com" });
    const message = await messageThrownBy(() => open(forge, "github").publish(releaseOf(contents)));
    expect(message).toMatch(/its files would go to https:\/\/uploads\.example\.com and not to /);
    expect(forge.shown("v1.2.3")).toBeUndefined();
  });
});

describe("a release at GitLab", () => {
  it("of a component has a package of its own", async () => {
    const gitlab = await startGitLabReleases();
    forge = gitlab;
    await open(forge, "gitlab").publish(releaseOf(contents));
    await open(forge, "gitlab").publish(releaseOf({ "checksums.txt": "of the tool" }, "tool/v1.2.3"));
    expect(gitlab.files.map((file) => `${file.package} ${file.version}`)).toEqual([
      ...Array(3).fill("app v1.2.3"),
      "tool v1.2.3",
    ]);
    expect(forge.shown("tool/v1.2.3")).toBeDefined();
  });

  it("holds a file against the last one of its name, which is what is downloaded", async () => {
    const gitlab = await startGitLabReleases();
    forge = gitlab;
    const stored = (content: string) => ({
      package: "app",
      version: "v1.2.3",
      name: "checksums.txt",
      content: Buffer.from(content),
    });
    gitlab.files.push(stored("older"), stored("sums"));
    const outcomes = await open(forge, "gitlab").publish(releaseOf(contents));
    expect(how(outcomes)).toEqual(["uploaded", "uploaded", "existed"]);
    gitlab.files.push(stored("newer"));
    expect(await messageThrownBy(() => open(forge, "gitlab").publish(releaseOf(contents)))).toContain(
      "has checksums.txt with other content",
    );
  });

  it("is not made where another run has uploaded another file meanwhile", async () => {
    const gitlab = await startGitLabReleases();
    forge = gitlab;
    forge.fault = ({ method, path }) => {
      if (method === "PUT" && path.includes("checksums.txt"))
        gitlab.files.push({
          package: "app",
          version: "v1.2.3",
          name: "app-linux-amd64",
          content: Buffer.from("theirs"),
        });
      return undefined;
    };
    expect(await messageThrownBy(() => open(forge, "gitlab").publish(releaseOf(contents)))).toContain(
      "has app-linux-amd64 with other content",
    );
    expect(forge.shown("v1.2.3")).toBeUndefined();
  });

  it("is not made of another commit than the tag names, where the token may see tags", async () => {
    const gitlab = await startGitLabReleases("private-token", { "v1.2.3": commit.replace("1a", "ff") });
    forge = gitlab;
    expect(await messageThrownBy(() => open(forge, "gitlab").publish(releaseOf(contents)))).toContain(
      `tag v1.2.3: expected ${commit}, got "${commit.replace("1a", "ff")}".`,
    );
    expect(gitlab.files).toEqual([]);
  });

  it("takes the token of a job by a header of its own", async () => {
    forge = await startGitLabReleases("job-token");
    const { host } = new URL(forge.url);
    const access = { origin: originOf(host, "group/sub/app"), plainHttp: [host], delivery };
    const opened = openForge({ ...access, tokens: new Map([["CI_JOB_TOKEN", "t-1"]]) });
    await opened.publish(releaseOf(contents));
    expect(forge.shown("v1.2.3")).toEqual(contents);
  });

  it("is not made where a link of it leads to a file of somebody else", async () => {
    const gitlab = await startGitLabReleases();
    forge = gitlab;
    await open(forge, "gitlab").publish(releaseOf(contents));
    Object.assign(gitlab.links[2] ?? {}, { url: "https://example.com/checksums.txt" });
    expect(await messageThrownBy(() => open(forge, "gitlab").publish(releaseOf(contents)))).toMatch(
      /the release v1\.2\.3 has links checksums\.txt to other files\. Nothing was overwritten/,
    );
  });
});

describe("the forge of a project", () => {
  beforeEach(async () => {
    forge = await startGitLabReleases();
  });

  const opening = (address: string | undefined, tokens: Record<string, string>, asked: string[] = []) =>
    openForge({
      origin: address === undefined ? undefined : originOf(address, "acme/app"),
      tokens: new Map(Object.entries(tokens)),
      plainHttp: [],
      delivery: {
        ...delivery,
        fetch: (async (url: string) => {
          asked.push(url);
          throw new Error("not reached");
        }) as unknown as ForgeAccess["delivery"]["fetch"],
      },
    });

  it.each([
    ["github.com", { GITHUB_TOKEN: "t" }, "https://api.github.com/repos/acme/app/"],
    ["acme.ghe.com", { GITHUB_TOKEN: "t" }, "https://api.acme.ghe.com/repos/acme/app/"],
    ["git.example.com", { GITHUB_TOKEN: "t" }, "https://git.example.com/api/v3/repos/acme/app/"],
    [
      "gitlab.com",
      { GITLAB_TOKEN: "t", GITHUB_TOKEN: "t" },
      "https://gitlab.com/api/v4/projects/acme%2Fapp/",
    ],
    ["git.example.com", { CI_JOB_TOKEN: "t" }, "https://git.example.com/api/v4/projects/acme%2Fapp/"],
  ])("at %s with %o is asked at %s", async (host, tokens, url) => {
    const asked: string[] = [];
    await opening(host, tokens, asked)
      .publish(releaseOf(contents))
      .catch(() => {});
    expect(asked[0]?.startsWith(url)).toBe(true);
  });

  it.each([
    [undefined, {}, "expected a git remote origin"],
    [
      "github.com",
      { GITLAB_TOKEN: "t" },
      "expected a token of GitHub, got nothing. Pass with-secret-env --name GITHUB_TOKEN",
    ],
    [
      "gitlab.com",
      { GITHUB_TOKEN: "t" },
      "expected a token of GitLab, got nothing. Pass with-secret-env --name GITLAB_TOKEN",
    ],
    ["git.example.com", {}, "expected GITHUB_TOKEN or GITLAB_TOKEN, which says what the forge is"],
  ])("at %s with %o is none: %s", async (host, tokens, message) => {
    expect(await messageThrownBy(async () => opening(host, tokens))).toContain(message);
  });
});
