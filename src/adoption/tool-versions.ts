import { parse } from "smol-toml";
import type { NamedTools } from "../ci-image/tools.js";
import { namedTools, requestedTools } from "../ci-image/tools.js";
import { SlipwayError } from "../errors.js";
import { parseWorkflow } from "./github/workflow.js";
import type { Note } from "./note.js";
import type { Repository } from "./repository.js";

/** Where Slipway reads versions of tools. */
export const toolsFile = ".mise/config.toml";

/** What a repository says of its tools. */
export interface ToolVersions {
  /** Text of `.mise/config.toml`; absent where there is one, or where Slipway's own versions hold. */
  config?: string;
  /** Go of the CI image, where it has to be another one than the default; an exact version. */
  go?: string;
  notes: readonly Note[];
}

interface Named {
  file: string;
  tools: NamedTools;
}

const miseFiles = ["mise.toml", ".mise.toml", ".config/mise/config.toml"];
const exact = /^v?(\d+\.\d+\.\d+)$/;

/** Reads the versions of Go, golangci-lint and GoReleaser; `own` is Slipway's configuration, `defaultGo` its Go. */
export function readToolVersions(repository: Repository, own: string, defaultGo: string): ToolVersions {
  const notes: Note[] = [];
  const given = repository.text(toolsFile);
  if (given !== undefined) {
    const problem = messageBy(() => requestedTools(given, toolsFile));
    if (problem !== undefined) notes.push({ kind: "to-do", file: toolsFile, what: "[tools]", why: problem });
    return {
      ...goOf(repository, [{ file: toolsFile, tools: toolsIn(given, toolsFile) }], defaultGo, notes),
      notes,
    };
  }
  const named = namedIn(repository);
  const found = Object.assign({}, ...named.map(({ tools }) => tools).reverse()) as NamedTools;
  const { "golangci-lint": lint, goreleaser } = found;
  const go = goOf(repository, named, defaultGo, notes);
  if (lint === undefined && goreleaser === undefined) return { ...go, notes };
  const versions = {
    ...requestedTools(own),
    ...(lint && { "golangci-lint": lint }),
    ...(goreleaser && { goreleaser }),
  };
  return { ...go, config: configText(versions), notes };
}

/** Go as a file names it, else as go.mod asks for it: at least that one. */
function goOf(
  repository: Repository,
  named: readonly Named[],
  defaultGo: string,
  notes: Note[],
): { go?: string } {
  const module = repository.text("go.mod");
  if (module === undefined) return {};
  const pinned = named.find(({ tools }) => tools.go !== undefined);
  const [, least] = /^(?:toolchain go|go )(\d+\.\d+(?:\.\d+)?)\s*$/m.exec(module) ?? [];
  const wanted = pinned?.tools.go ?? least;
  // The first of 1.26 is 1.26.0.
  if (wanted !== undefined && isHigher(wanted, defaultGo))
    return { go: /^\d+\.\d+$/.test(wanted) ? `${wanted}.0` : wanted };
  if (pinned?.tools.go !== undefined && pinned.tools.go !== defaultGo)
    notes.push({
      kind: "differs",
      file: pinned.file,
      what: `Go ${pinned.tools.go}`,
      why: `the CI image has Go ${defaultGo}, unless ciImage.go says otherwise; its base image has to exist for ciImage.alpine`,
    });
  return {};
}

function isHigher(version: string, other: string): boolean {
  const [a, b] = [version, other].map((text) => text.split(".").map(Number));
  for (let at = 0; at < 3; at += 1) {
    const difference = (a?.[at] ?? 0) - (b?.[at] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}

/** What each file says, the narrowest first: mise, asdf, the actions of the workflows. */
function namedIn(repository: Repository): Named[] {
  const mise = miseFiles.map((file) => ({ file, tools: toolsIn(repository.text(file) ?? "", file) }));
  const asdf = { file: ".tool-versions", tools: asdfTools(repository.text(".tool-versions") ?? "") };
  const workflows = repository.workflows.map((file) => ({
    file,
    tools: actionTools(repository.text(file) ?? "", file),
  }));
  return [...mise, asdf, ...workflows];
}

function toolsIn(text: string, file: string): NamedTools {
  try {
    parse(text);
    return namedTools(text, file);
  } catch {
    // Its own error says more, where it is used.
    return {};
  }
}

function asdfTools(text: string): NamedTools {
  const versionOf = (name: RegExp) => exact.exec(name.exec(text)?.[1] ?? "")?.[1];
  return defined({
    go: versionOf(/^(?:golang|go)\s+(\S+)/m),
    "golangci-lint": versionOf(/^golangci-lint\s+(\S+)/m),
    goreleaser: versionOf(/^goreleaser\s+(\S+)/m),
  });
}

function actionTools(text: string, file: string): NamedTools {
  let steps: { uses?: string | null | undefined; with: ReadonlyMap<string, string> }[] = [];
  try {
    steps = [...parseWorkflow(text, file).jobs.values()].flatMap((job) => job.steps);
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
  }
  const versionOf = (action: RegExp, input: string) =>
    exact.exec(steps.find(({ uses }) => action.test(uses ?? ""))?.with.get(input) ?? "")?.[1];
  return defined({
    "golangci-lint": versionOf(/^golangci\/golangci-lint-action@/, "version"),
    goreleaser: versionOf(/^goreleaser\/goreleaser-action@/, "version"),
  });
}

function defined(
  tools: Record<keyof NamedTools, string | undefined> | Partial<Record<keyof NamedTools, string | undefined>>,
): NamedTools {
  return Object.fromEntries(Object.entries(tools).filter(([, version]) => version !== undefined));
}

function configText(versions: Readonly<Record<string, string>>): string {
  const lines = Object.entries(versions).map(([name, version]) => `${name} = "${version}"`);
  return [
    "# What the CI image installs. Exact versions: the image is verified against them.",
    "[tools]",
    ...lines,
    "",
  ].join("\n");
}

function messageBy(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    if (error instanceof SlipwayError) return error.message.replace(/\.$/, "");
    throw error;
  }
}
