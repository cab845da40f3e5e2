import type { Origin } from "../../forge/origin.js";
import { NoEquivalent } from "../note.js";
import { literal, placeholder, type SymbolicText, type Value } from "../symbolic-text.js";
import { entryOf } from "../table.js";
import type { Fields } from "./template.js";

/** What is known of a project before a release of it. */
export interface ProjectFacts {
  projectName?: string | undefined;
  origin?: Origin | undefined;
  /** Variables of which the value is known. */
  env: ReadonlyMap<string, Value>;
  /** Is told of each variable that nothing sets, where a template says what is without it. */
  onUnset: (name: string) => void;
}

/** What is released, as far as a template may ask for it. */
export interface Situation {
  isPreRelease: boolean;
  /** What one of several images of GoReleaser's is for. */
  target?: { os: string; architecture: string; arm?: string };
}

type Field = (facts: ProjectFacts, situation: Situation) => Value;

const none =
  (reason: string): Field =>
  () => {
    throw new NoEquivalent(reason);
  };
const given = (text: string | undefined, reason: string): SymbolicText => {
  if (text === undefined) throw new NoEquivalent(reason);
  return literal(text);
};
const version =
  (...parts: Parameters<typeof placeholder>[0][]): Field =>
  () =>
    parts.flatMap((part, at) => [...(at === 0 ? [] : ["."]), ...placeholder(part)]);
const noRemote = "the address of the repository is not known: there is no remote origin in .git/config";
const commitTime = "Slipway writes times of commits as 2026-01-10T12:00:00Z or 20260110 only";

const fields: Readonly<Record<string, Field>> = {
  Version: version("version"),
  RawVersion: version("major", "minor", "patch"),
  Tag: version("tag"),
  Major: version("major"),
  Minor: version("minor"),
  Patch: version("patch"),
  FullCommit: version("revision"),
  Commit: version("revision"),
  ShortCommit: version("sha"),
  Date: version("created"),
  CommitDate: version("created"),
  Timestamp: none(commitTime),
  CommitTimestamp: none(commitTime),
  Prerelease: (_, { isPreRelease }) =>
    isPreRelease ? [{ unknown: "Slipway has no placeholder for the name of a pre-release alone" }] : [],
  IsSnapshot: () => false,
  IsNightly: () => false,
  IsGitDirty: () => false,
  IsGitClean: () => true,
  IsRelease: () => true,
  IsMerging: () => false,
  Branch: none("a release is made from a tag, which has no branch"),
  ProjectName: ({ projectName }) =>
    given(
      projectName,
      "the name of the project is not known: project_name is not set, and there is no remote",
    ),
  GitURL: ({ origin }) => given(origin?.url, noRemote),
  ReleaseURL: ({ origin }) => {
    if (origin?.forge !== "github") throw new NoEquivalent(noRemote);
    return [`${origin.url}/releases/tag/`, ...placeholder("tag")];
  },
  Os: (_, { target }) => given(target?.os, "an image of several platforms has no .Os"),
  Arch: (_, { target }) =>
    given(
      target && `${target.architecture}${target.arm ?? ""}`,
      "an image of several platforms has no .Arch",
    ),
  Arm: (_, { target }) => given(target?.arm ?? (target && ""), "an image of several platforms has no .Arm"),
  Env: () => [{ unknown: "all variables at once are no text" }],
};

/** The fields of GoReleaser's templates in one situation. */
export function fieldsIn(facts: ProjectFacts, situation: Situation): Fields {
  return (path) => {
    const [name = "", key, ...more] = path;
    if (name === "Env" && key !== undefined) return variable(facts, key);
    if (name === optionalVariables && key !== undefined) return optionalVariable(facts, key);
    const field = entryOf(fields, name);
    if (more.length > 0 || key !== undefined || field === undefined)
      throw new NoEquivalent(`Slipway has no placeholder for .${path.join(".")}`);
    return field(facts, situation);
  };
}

/** The path of variables that may be missing: they are asked for with an answer for that. */
export const optionalVariables = "Env?";

function optionalVariable({ env, onUnset }: ProjectFacts, name: string): Value {
  const value = env.get(name);
  if (value === undefined) onUnset(name);
  return value ?? [];
}

function variable({ env }: ProjectFacts, name: string): Value {
  const value = env.get(name);
  if (value !== undefined) return value;
  throw new NoEquivalent(
    `the variable ${name} is set where GoReleaser runs: pass --env ${name}=VALUE to init where it is always the same`,
  );
}
