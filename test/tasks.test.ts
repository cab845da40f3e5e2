import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { assessRollback, reportVerdict } from "../src/ci-image/assess.js";
import { cacheKey, compareCacheKey, renderCacheKey } from "../src/ci-image/cache-key.js";
import { labels } from "../src/ci-image/image.js";
import { reportRollback } from "../src/ci-image/report.js";
import { rollBack } from "../src/ci-image/rollback.js";
import { parseSettings } from "../src/config.js";
import type { RegistryClient } from "../src/registry/client.js";
import { pushImage } from "../src/registry/publish.js";
import type { Repository } from "../src/registry/reference.js";
import { moveTag } from "../src/registry/tag.js";
import { ReportFormat, render } from "../src/report.js";
import { makeClient } from "./support/client.js";
import { type Command, type Grammar, parseCommand } from "./support/command.js";
import { readContract, root } from "./support/contract.js";
import { readCoreApi } from "./support/core-api.js";
import { type GitRepository, makeGitRepository } from "./support/git-repository.js";
import { makeImage } from "./support/image.js";
import { type DocumentedCommand, documentedCommands } from "./support/markdown.js";
import { type RunningRegistry, startRegistry } from "./support/registry.js";

const commands = documentedCommands(readFileSync(join(root, "tasks.md"), "utf8"));
const calling = (name: string) => commands.filter(({ command }) => command.includes(` ${name} `));

let grammar: Grammar;

beforeAll(async () => {
  grammar = { contract: await readContract(), core: readCoreApi() };
});

/** The options of the last function of a documented call, as that function takes them. */
function optionsOf({ command }: DocumentedCommand): Record<string, string[]> {
  const call: Command = parseCommand(command, grammar);
  return call.chain.at(-1)?.options ?? {};
}

describe("assess-rollback in tasks.md", () => {
  const assessments = calling("assess-rollback");

  it("is shown with a verdict for a rollback and one against", () => {
    const verdicts = assessments.map(({ output }) => output?.split("\n")[0]);
    expect(verdicts).toEqual(["**Roll back.**", "**No rollback.**"]);
  });

  it.each(assessments)("gives the output that is shown: $command", (documented) => {
    const given = optionsOf(documented);
    const figure = (name: string) => (given[name] === undefined ? undefined : Number(given[name]));
    const verdict = assessRollback({
      pulls: figure("pulls"),
      pullFailures: figure("pull-failures"),
      toolErrors: figure("tool-errors"),
      baselineSeconds: figure("baseline-seconds"),
      buildSeconds: figure("build-seconds"),
    });
    expect(render(reportVerdict(verdict), ReportFormat.Markdown)).toBe(`${documented.output}\n`);
  });
});

describe("rollback-ci-image in tasks.md, against a registry", () => {
  const documented = calling("rollback-ci-image");
  const shown = "ghcr.io/acme/ci";
  let registry: RunningRegistry;
  let repository: Repository;
  let client: RegistryClient;

  beforeAll(async () => {
    registry = await startRegistry();
    repository = { registry: registry.address, path: "acme/ci" };
    client = makeClient();
    const [tag = ""] = optionsOf(documented[0] ?? { command: "", output: undefined }).tag ?? [];
    await publish(tag, "5e6f7a8b");
    // The image that is rolled back: both aliases point at it.
    for (const alias of ["2026.9.15-alpine3.23-9c0d1e2f", "2026.9.15", "latest"])
      await publish(alias, "9c0d1e2f");
  });

  afterAll(() => registry?.stop());

  async function publish(tag: string, identity: string): Promise<void> {
    const image = makeImage({
      platforms: ["linux/amd64"],
      shared: [identity],
      labels: { [labels.identity]: identity.repeat(8), [labels.mise]: "2026.9.15" },
    });
    await pushImage(client, repository, image);
    await moveTag(client, repository, tag, image.index);
  }

  it("moves the aliases, and then has nothing left to move", async () => {
    expect(documented).toHaveLength(2);
    for (const command of documented) {
      const { tag = [], aliases = [] } = optionsOf(command);
      const list = aliases.flatMap((names) => names.split(","));
      const outcomes = await rollBack(client, [repository], tag.join(), list);
      const output = render(reportRollback(outcomes), ReportFormat.Markdown)
        .replaceAll(`${registry.address}/acme/ci`, shown)
        .replaceAll(/sha256:[0-9a-f]{64}/g, "sha256:…");
      expect(output).toBe(`${command.output}\n`);
    }
    const [earlier, latest, alias] = await Promise.all(
      ["2026.9.15-alpine3.23-5e6f7a8b", "latest", "2026.9.15"].map((tag) =>
        client.headManifest(repository, tag),
      ),
    );
    expect(earlier?.digest).toMatch(/^sha256:/);
    expect([latest?.digest, alias?.digest]).toEqual([earlier?.digest, earlier?.digest]);
  });
});

describe("the reverted line in tasks.md, in a repository", () => {
  const good = "registry.example.com/acme/ci:2026.9.15-alpine3.23-5e6f7a8b";
  const bad = "registry.example.com/acme/ci:2026.9.15-alpine3.23-9c0d1e2f";
  const { files } = parseSettings(undefined).cacheKey;
  const pipeline = readFileSync(join(root, ".gitlab-ci.yml"), "utf8");
  let git: GitRepository;

  beforeAll(async () => {
    git = await makeGitRepository();
  });

  afterAll(() => git?.remove());

  const entries = () => Promise.all(files.map(async (path) => ({ path, content: await git.read(path) })));
  const renewCacheKey = async () => git.write(".cache-key", renderCacheKey(await entries()));
  const pin = (image: string) =>
    git.write(".gitlab-ci.yml", pipeline.replace(/^( +ci_image:) .*$/m, `$1 "${image}"`));

  const commit = async (message: string) => {
    await renewCacheKey();
    await git.run(`git add --all && git commit --quiet --message "${message}"`);
  };

  it("leads back to the earlier image and a current key, although the key has changed since", async () => {
    const [log = "", revert = "", renew = "", conclude = "", ...others] = commands
      .map(({ command }) => command)
      .filter((command) => command.startsWith("git ") || command.includes(" cache-key export "));
    expect(others).toEqual([]);
    await git.write("go.mod", "module example.com/a\n");
    await pin(good);
    await commit("first");
    await pin(bad);
    await commit("CI image of today");
    await git.write("go.mod", "module example.com/a\n\ngo 1.25.0\n");
    await commit("newer Go");

    const [newest = ""] = (await git.run(log)).split("\n");
    expect(newest).toContain("CI image of today");
    await expect(git.run(revert, { COMMIT: newest.split(" ")[0] ?? "" })).rejects.toThrow("could not revert");
    expect(await git.run("git diff --name-only --diff-filter=U")).toBe(".cache-key\n");
    expect(parseCommand(renew, grammar)).toMatchObject({
      chain: [{ name: "cache-key" }, { name: "export", options: { path: [".cache-key"] } }],
    });
    await renewCacheKey();
    await git.run(conclude);

    expect(await git.run("git status --porcelain")).toBe("");
    expect(String(await git.read(".gitlab-ci.yml"))).toContain(`ci_image: "${good}"`);
    expect(String(await git.read("go.mod"))).toContain("go 1.25.0");
    const current = cacheKey(await entries());
    expect(compareCacheKey(String(await git.read(".cache-key")), await entries())).toBe(current);
  });
});
