import type { Origin } from "../../forge/origin.js";
import { splitAtEnclosed } from "../enclosed.js";
import { NoEquivalent } from "../note.js";
import { joined, literal, placeholder, requireLength, type SymbolicText } from "../symbolic-text.js";
import type { Triggers } from "./workflow.js";

/** What the expressions of one step may refer to. */
export interface Scope {
  origin?: Origin | undefined;
  triggers: Triggers;
  /** Whether a branch is the main one. */
  isMain: (branch: string) => boolean;
  /** Variables, from the widest to the narrowest: of the workflow, the job, the step. */
  env: Pick<ReadonlyMap<string, string>, "get">;
  /** Values of the matrix, by their path: `platform`, `arch.name`. */
  matrix: ReadonlyMap<string, string>;
  /** IDs of the steps of docker/metadata-action. */
  metadata: ReadonlySet<string>;
}

const marks = { begin: "${{", end: "}}" };

/** How far variables have led already. */
interface Way {
  depth: number;
  /** Texts that may still be read, over all that one text leads to. */
  budget: { left: number };
}

const deepest = 10;
const mostTexts = 1000;

/** A text of a workflow with its expressions in the terms of the settings; what only a run knows is the reason thrown. */
export function translateText(
  text: string,
  scope: Scope,
  way: Way = { depth: 0, budget: { left: mostTexts } },
): SymbolicText {
  requireLength(text.length);
  way.budget.left -= 1;
  if (way.depth > deepest || way.budget.left < 0) throw new NoEquivalent("its variables refer to each other");
  return joined(splitAtEnclosed(text, marks), (part, at) =>
    at % 2 === 0 ? literal(part) : meaningOf(part.trim(), scope, way),
  );
}

function meaningOf(given: string, scope: Scope, way: Way): SymbolicText {
  const quoted = /^'([^']*)'$/.exec(given)?.[1];
  if (quoted !== undefined) return literal(quoted);
  // What pull requests get instead is no matter: they publish nothing.
  const otherwise = /^github\.event_name == 'pull_request' && '[^']*' \|\| ('[^']*')$/.exec(given)?.[1];
  if (otherwise !== undefined) return meaningOf(otherwise, scope, way);
  const [, variable = "", fallback = ""] = /^((?:env|matrix)\.[\w.-]+) \|\| ('[^']*')$/.exec(given) ?? [];
  if (variable !== "") return meaningOf(hasValue(variable, scope) ? variable : fallback, scope, way);
  const [, context = "", key = ""] = /^(env|matrix)\.([\w.-]+)$/.exec(given) ?? [];
  if (context !== "") {
    const value = (context === "env" ? scope.env : scope.matrix).get(key);
    if (value === undefined) throw new NoEquivalent(`nothing says what ${given} is`);
    return translateText(value, scope, { ...way, depth: way.depth + 1 });
  }
  const [, step = ""] = /^steps\.([\w-]+)\.outputs\.version$/.exec(given) ?? [];
  if (scope.metadata.has(step)) return placeholder("version");
  return known(given, scope);
}

function hasValue(variable: string, { env, matrix }: Scope): boolean {
  const key = variable.replace(/^\w+\./, "");
  return ((variable.startsWith("env.") ? env : matrix).get(key) ?? "") !== "";
}

function known(given: string, { origin, triggers }: Scope): SymbolicText {
  const fromOrigin: Readonly<Record<string, string | undefined>> = {
    "github.repository": origin?.path,
    "github.repository_owner": origin?.owner,
    "github.event.repository.name": origin?.name,
    "github.server_url": origin && `https://${origin.host}`,
  };
  if (Object.hasOwn(fromOrigin, given)) {
    const text = fromOrigin[given];
    if (text === undefined) throw new NoEquivalent(`there is no remote origin that says what ${given} is`);
    return literal(text);
  }
  if (given === "github.sha") return placeholder("revision");
  if (given === "github.ref_name" || given === "github.event.release.tag_name") {
    if (!triggers.branches || given !== "github.ref_name") return placeholder("tag");
    if (!triggers.versions) return placeholder("branch");
    throw new NoEquivalent(
      `${given} is a branch or a tag, and each has a placeholder of its own, {branch} and {tag}`,
    );
  }
  throw new NoEquivalent(`${given} is known only while the workflow runs`);
}

/** When a tag is set; `never` and `always` are of all runs, `stable` of versions that are no pre-release. */
export type When = "always" | "never" | "version" | "branch" | "main";

/** A condition in the terms of the settings. */
export interface Condition {
  when: When;
  /** Whether versions 0.y.z are left out. */
  withoutZero: boolean;
}

const conditions: readonly { pattern: RegExp; when: When; withoutZero?: boolean }[] = [
  { pattern: /^(true|github\.event_name == 'push'|github\.event_name != 'pull_request')$/, when: "always" },
  { pattern: /^(false|github\.event_name == 'pull_request')$/, when: "never" },
  { pattern: /^(\{\{ ?)?is_default_branch( ?\}\})?$/, when: "main" },
  {
    pattern:
      /^github\.ref == format\('refs\/heads\/\{0\}', github\.event\.repository\.default_branch\)$|^github\.ref_name == github\.event\.repository\.default_branch$/,
    when: "main",
  },
  { pattern: /^!startsWith\(github\.ref, 'refs\/tags\/v?0\.'\)$/, when: "always", withoutZero: true },
  {
    pattern:
      /^startsWith\(github\.ref, 'refs\/tags\/?v?'?\)$|^startsWith\(github\.ref, 'refs\/tags\/?v?'\)$|^github\.ref_type (== 'tag'|!= 'branch')$|^github\.event_name == 'release'$|^!github\.event\.release\.prerelease$|^github\.event\.release\.prerelease == false$|^!contains\(github\.(ref|ref_name), '-'\)$|^contains\(github\.ref, 'refs\/tags\/?v?'\)$/,
    when: "version",
  },
  {
    pattern:
      /^startsWith\(github\.ref, 'refs\/heads\/'\)$|^github\.ref_type (== 'branch'|!= 'tag')$|^!startsWith\(github\.ref, 'refs\/tags\/?v?'\)$/,
    when: "branch",
  },
];

/** Reads the condition of a tag; undefined where the settings have none like it. */
export function readCondition(text: string, isMain: Scope["isMain"]): Condition | undefined {
  const terms = text
    .trim()
    .replace(/^\$\{\{(.*)\}\}$/s, "$1")
    .split("&&")
    .map((term) => readTerm(term.trim().replace(/\s+/g, " "), isMain));
  return terms.reduce<Condition | undefined>(
    (all, term) =>
      all === undefined || term === undefined
        ? undefined
        : { when: both(all.when, term.when), withoutZero: all.withoutZero || term.withoutZero },
    { when: "always", withoutZero: false },
  );
}

function readTerm(term: string, isMain: Scope["isMain"]): Condition | undefined {
  const branch = /^github\.(?:ref == 'refs\/heads\/|ref_name == ')([^']+)'$/.exec(term)?.[1];
  if (branch !== undefined) return isMain(branch) ? { when: "main", withoutZero: false } : undefined;
  const found = conditions.find(({ pattern }) => pattern.test(term));
  return found && { when: found.when, withoutZero: found.withoutZero ?? false };
}

/** When two conditions hold at once. */
export function both(a: When, b: When): When {
  if (a === b || b === "always") return a;
  if (a === "always") return b;
  const pair = [a, b].sort().join();
  return pair === "branch,main" ? "main" : "never";
}

/** Of what starts a workflow, that for which a part of it runs; undefined where it runs for none of it. */
export function narrowed(triggers: Triggers, when: When, isMain: Scope["isMain"]): Triggers | undefined {
  const versions = triggers.versions && (when === "always" || when === "version");
  const branches = triggers.branches && when !== "version" && when !== "never";
  if (!versions && !branches && !triggers.byHand) return undefined;
  const names = triggers.branchNames.filter(isMain);
  return {
    ...triggers,
    versions,
    branches,
    ...(when === "main" ? { branchNames: names.length > 0 ? names : ["main"] } : {}),
  };
}
