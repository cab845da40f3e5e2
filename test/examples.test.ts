import { existsSync, globSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { compareCacheKey } from "../src/ci-image/cache-key.js";
import { parseSettings } from "../src/config.js";
import { BuilderNeededError } from "../src/errors.js";
import { openProject } from "./start/project.js";
import { rehearseProject } from "./start/rehearsal.js";
import type { Screen } from "./start/screen.js";
import { mentionsIn } from "./support/address.js";
import { rowsOf } from "./support/adoption.js";
import { includesOf } from "./support/callers.js";
import { parseGithubWorkflow, readGithubWorkflow } from "./support/ci-files.js";
import { type Grammar, problemOf } from "./support/command.js";
import { readContract } from "./support/contract.js";
import { readCoreApi } from "./support/core-api.js";
import {
  callerPaths,
  copyExample,
  exampleDirectory,
  exampleNames,
  writtenByInit,
} from "./support/examples.js";
import { readGitlabTemplate } from "./support/gitlab-template.js";
import { tinyProgram } from "./support/tiny-program.js";

/** A release of an example, and the tags that it sets. */
interface Release {
  example: string;
  config?: string;
  ref: string;
  /** Where its build leaves programs, by architecture. */
  programs: (architecture: string) => readonly string[];
  published: readonly string[];
}

const plain = (name: string) => (architecture: string) => [`dist/${name}-linux-${architecture}`];
const components = (architecture: string) => ["api", "worker"].flatMap((name) => plain(name)(architecture));

const releases: readonly Release[] = [
  {
    example: "go-goreleaser",
    ref: "refs/tags/v1.2.3",
    programs: plain("hello"),
    published: ["ghcr.io/acme/hello", "1.2.3 created", "latest created"],
  },
  {
    example: "rust-prebuilt",
    ref: "refs/tags/v1.2.3",
    programs: plain("probe"),
    published: ["ghcr.io/acme/probe", "1.2.3 created", "1.2 created", "latest created"],
  },
  {
    example: "monorepo",
    config: "api/slipway.json",
    ref: "refs/tags/api/v1.2.3",
    programs: components,
    published: ["ghcr.io/acme/shop-api", "1.2.3 created", "latest created"],
  },
  {
    example: "monorepo",
    config: "worker/slipway.json",
    ref: "refs/tags/worker/v0.4.0",
    programs: components,
    published: ["ghcr.io/acme/shop-worker", "0.4.0 created", "latest created"],
  },
];

const read = (example: string, path: string) => readFileSync(join(exampleDirectory(example), path), "utf8");
const readIfThere = (example: string, path: string) =>
  existsSync(join(exampleDirectory(example), path)) ? read(example, path) : undefined;
const callers = exampleNames.flatMap((example) => callerPaths.map((path) => [example, path] as const));

let grammar: Grammar;

beforeAll(async () => {
  grammar = { contract: await readContract(), core: readCoreApi() };
});

/** Plans a release and makes it twice, in two registries of this process. */
async function rehearse({ example, programs, ref, config }: Omit<Release, "published">): Promise<string> {
  const directory = copyExample(example);
  for (const architecture of ["amd64", "arm64"] as const)
    for (const path of programs(architecture)) {
      await mkdir(dirname(join(directory, path)), { recursive: true });
      await writeFile(join(directory, path), tinyProgram(architecture), { mode: 0o755 });
    }
  const said: string[] = [];
  const take = (text: string) => said.push(text);
  const screen: Screen = { title: take, command: take, say: take, refusal: take, outcome: take, fail: take };
  await rehearseProject(await openProject(directory, { ref, config }), [], screen);
  return said.join("\n");
}

describe("the examples", () => {
  it("are four", () => {
    expect(exampleNames).toEqual(["bun-containerfile", "go-goreleaser", "monorepo", "rust-prebuilt"]);
  });

  it.each(releases)("plan and release $example for $ref", async ({ published, ...release }) => {
    const said = await rehearse(release);
    const [first = ""] = said.match(/^\| \S+ \| pushed, .*$/m) ?? [];
    expect(published.filter((text) => !first.includes(text))).toEqual([]);
    expect(first).not.toMatch(/left/);
    expect(said).toMatch(/Requests of the second release that write: 0/);
  });

  it("take the engine where a Containerfile runs something", async () => {
    const failure = rehearse({ example: "bun-containerfile", ref: "refs/tags/v1.2.3", programs: () => [] });
    await expect(failure).rejects.toThrow(BuilderNeededError);
    await expect(failure).rejects.toThrow(/^Containerfile:7: .* got "RUN <<EOR/);
  });
});

describe.each(exampleNames)("what init would write into %s", (example) => {
  const written = writtenByInit(example);
  const own = (text: string | undefined) => parseSettings(text ?? "{}");
  const given = readIfThere(example, "slipway.json");

  it("is the key that is committed, which check-cache-key takes", () => {
    const { files } = own(given).cacheKey;
    expect(readIfThere(example, ".cache-key")).toBe(written.get(".cache-key"));
    if (!written.has(".cache-key")) return;
    expect(files).toEqual(own(written.get("slipway.json")).cacheKey.files);
    const entries = files.map((path) => ({ path, content: Buffer.from(read(example, path)) }));
    expect(() => compareCacheKey(written.get(".cache-key"), entries)).not.toThrow();
  });

  it("makes the same images, where they are released together", () => {
    const { images } = own(written.get("slipway.json")).release;
    const made = ({ dockerfile, target, platforms }: (typeof images)[number]) => ({
      dockerfile,
      target,
      platforms,
    });
    const settings = settingsIn(example).flatMap((text) => own(text).release.images);
    const wanted = settings.filter(({ repositories }) => repositories.length > 0);
    expect(images.map(made)).toEqual(wanted.map(made));
  });

  it("is no release where Slipway builds nothing of it, and something to do", () => {
    const isOthers = example === "rust-prebuilt";
    expect(written.has(".github/workflows/slipway.yml")).toBe(!isOthers);
    const toDo = rowsOf(written.get("SLIPWAY.md"), "To do").join("\n");
    expect(toDo.includes("probe-linux-amd64")).toBe(isOthers);
  });
});

describe.each(callers)("the caller of %s, %s,", (example, path) => {
  const text = read(example, path);

  it("has at most 20 lines", () => {
    expect(text.trimEnd().split("\n").length).toBeLessThanOrEqual(20);
  });

  it("downloads no program by itself, and takes the actions that Slipway's own workflows do", () => {
    const scripts = textsIn(parse(text));
    expect(scripts.filter((line) => /\b(curl|wget)\b/.test(line))).toEqual([]);
    const actions = text.match(/[\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\S+/g) ?? [];
    expect(actions.filter((action) => !readGithubWorkflow("release.yml").text.includes(action))).toEqual([]);
  });

  it("signs in to what the settings name", () => {
    const own = path.startsWith(".github") ? "ghcr.io" : "registry.gitlab.com";
    const hosts = settingsIn(example).flatMap((settings) =>
      parseSettings(settings).release.repositories.map(({ repository }) => repository.registry),
    );
    const others = [...new Set(hosts)].filter((host) => host !== own);
    expect(hosts).not.toEqual([]);
    for (const given of releasesIn(path, text)) {
      expect(given.registry).toBe(others[0]);
      expect(given.registry_username).toBe(others.length === 0 ? undefined : "acme");
    }
  });

  it("passes what Slipway's pipelines take, and calls what the module has", () => {
    expect(inputsGiven(path, text).filter(([declared, name]) => !declared.includes(name))).toEqual([]);
    const commands = textsIn(parse(text)).filter((line) => line.startsWith("dagger "));
    expect(commands.flatMap((command) => problemOf(command, grammar))).toEqual([]);
    expect(mentionsIn(text)).not.toEqual([]);
  });
});

/** The settings of an example, those of its components included. */
function settingsIn(example: string): string[] {
  return globSync("{,*/}slipway.json", { cwd: exampleDirectory(example) })
    .sort()
    .map((path) => read(example, path));
}

/** What a caller passes to each release. */
function releasesIn(path: string, text: string): Record<string, unknown>[] {
  if (!path.startsWith(".github")) return includesOf(text).map(({ inputs = {} }) => inputs);
  const calls = Object.values(parseGithubWorkflow(text).calls);
  return calls.filter(({ uses }) => uses.includes("/release.yml@")).map(({ with: given = {} }) => given);
}

/** What a caller passes, each with what is declared where it is passed to. */
function inputsGiven(path: string, text: string): [declared: string[], name: string][] {
  const calls: [string[], object][] = path.startsWith(".github")
    ? Object.values(parseGithubWorkflow(text).calls).map(({ uses, with: given = {} }) => {
        const { called } = readGithubWorkflow(uses.split("@")[0]?.split("/").at(-1));
        return [Object.keys(called.inputs ?? {}), given];
      })
    : includesOf(text).map(({ inputs = {} }) => [Object.keys(readGitlabTemplate().inputs), inputs]);
  return calls.flatMap(([declared, given]) =>
    Object.keys(given).map((name): [string[], string] => [declared, name]),
  );
}

function textsIn(node: unknown): string[] {
  if (typeof node === "string") return [node];
  return typeof node === "object" && node !== null ? Object.values(node).flatMap(textsIn) : [];
}
