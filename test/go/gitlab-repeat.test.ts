import type { Directory } from "@dagger.io/dagger";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { gitlabProjectOf, gitlabReleaseOf, requireWhole, uploadedFiles } from "../../src/go/gitlab-repeat.js";
import { directFetch, noWait } from "../support/client.js";
import { type StandInForge, startGitLabReleases } from "../support/forge.js";

const retry = { attempts: 2, baseDelay: 0, maxDelay: 0 };
const delivery = { fetch: directFetch, pushRetry: retry, readRetry: retry, sleep: noWait };
const tokens = new Map([["GITLAB_TOKEN", "t-1"]]);
const named = "release: { gitlab: { owner: group/sub, name: app } }\n";

describe("the project of GitLab", () => {
  it.each([
    ["of gitlab.com", named, "https", "gitlab.com"],
    [
      "of an instance",
      `gitlab_urls: { api: http://git.test:8080/api/v4/ }\n${named}`,
      "http",
      "git.test:8080",
    ],
  ])("is that of the configuration, %s", (_, configured, scheme, host) => {
    expect(gitlabProjectOf(configured)).toMatchObject({ scheme, origin: { host, path: "group/sub/app" } });
  });

  it.each([
    ["nothing is said", "version: 2\n"],
    ["it is released on GitHub", "release: { github: { owner: a, name: b } }\n"],
    ["a template names it", "release: { gitlab: { owner: '{{ .Env.GROUP }}', name: app } }\n"],
    ["the API lies below a path", `gitlab_urls: { api: https://a.test/git/api/v4 }\n${named}`],
    ["the API is no URL", `gitlab_urls: { api: "https://a b/api/v4" }\n${named}`],
    ["the API has a password", `gitlab_urls: { api: "https://me:pw@a.test/api/v4" }\n${named}`],
    ["the API has a query", `gitlab_urls: { api: "https://a.test?b/api/v4" }\n${named}`],
    ["it is no configuration", "release: yes\n"],
  ])("is not known where %s", async (_, configured) => {
    expect(gitlabProjectOf(configured)).toBeUndefined();
    expect(await gitlabReleaseOf(configured, async () => ({ tokens, delivery }))).toBeUndefined();
  });

  it("takes no token where it is not asked", async () => {
    const access = async () => expect.unreachable("the tokens are read");
    expect(await gitlabReleaseOf("version: 2\n", access)).toBeUndefined();
  });

  it("is not asked without its token", async () => {
    const others = new Map([["GITHUB_TOKEN", "t-1"]]);
    expect(await gitlabReleaseOf(named, async () => ({ tokens: others, delivery }))).toBeUndefined();
  });
});

describe("the files of a release of GitLab", () => {
  let forge: StandInForge & { links: Record<string, unknown>[] };
  beforeEach(async () => {
    forge = await startGitLabReleases();
  });
  afterEach(() => forge.stop());

  const asked = () =>
    gitlabReleaseOf(`gitlab_urls: { api: ${forge.url}/api/v4 }\n${named}`, async () => ({
      tokens,
      delivery,
    }));

  it("are none where there is no release, and those that it links to", async () => {
    expect(await (await asked())?.filesOf("v1.2.3")).toEqual([]);
    const links = [{ name: "app.tar.gz", url: "https://a.test/app.tar.gz" }];
    await directFetch(`${forge.url}/api/v4/projects/group%2Fsub%2Fapp/releases`, {
      method: "POST",
      headers: { "private-token": "t-1" },
      body: JSON.stringify({ tag_name: "v1.2.3", assets: { links } }),
    });
    expect(await (await asked())?.filesOf("v1.2.3")).toEqual(["app.tar.gz"]);
    expect(forge.requests.filter(({ method }) => method !== "GET")).toHaveLength(1);
  });
});

it("GoReleaser uploads archives, what it signs and lists, and the binaries that its checksums name", async () => {
  const files: Record<string, string> = {
    "artifacts.json": JSON.stringify([
      { name: "metadata.json", path: "dist/metadata.json", type: "Metadata" },
      { name: "app", path: "dist/app_linux_amd64_v1/app", type: "Binary" },
      { name: "app_linux_amd64", path: "dist/app_linux_amd64_v1/app", type: "Binary" },
      { name: "app.tar.gz", path: "dist/app.tar.gz", type: "Archive" },
      { name: "app.spdx.json", path: "dist/app.spdx.json", type: "SBOM" },
      { name: "app.rb", path: "dist/homebrew/Casks/app.rb", type: "Homebrew Cask" },
      { name: "checksums.txt", path: "dist/checksums.txt", type: "Checksum" },
      { name: "checksums.txt.sig", path: "dist/checksums.txt.sig", type: "Signature" },
    ]),
    "checksums.txt": `${"0".repeat(64)}  app.tar.gz\n${"1".repeat(64)}  app_linux_amd64\n`,
  };
  const dist = { file: (path: string) => ({ contents: async () => files[path] }) } as unknown as Directory;
  const wanted = ["app.tar.gz", "app.spdx.json", "checksums.txt", "checksums.txt.sig", "app_linux_amd64"];
  expect(await uploadedFiles(dist)).toEqual(wanted);
});

it("a release is done where it has all files, and refused where it lacks one", () => {
  const wanted = ["a", "b"];
  expect(() => requireWhole("git.test/app", "v1", { wanted, present: ["b", "a", "other"] })).not.toThrow();
  expect(() => requireWhole("git.test/app", "v1", { wanted, present: ["a"] })).toThrow(
    'git.test/app: release v1: expected all 2 files or none, since GoReleaser completes no release of GitLab, got "one without b". Delete the release there, keep its tag, and call again. Nothing was uploaded.',
  );
});
