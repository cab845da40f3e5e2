import { InputError } from "./errors.js";

/** What a later job takes from a report, by the names of variables. What is undefined or empty is left out. */
export type Outputs = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** Variables of a platform or a repository. */
export interface OutputPart {
  /** `linux/amd64`, `ghcr.io/acme/app`. */
  name: string;
  outputs: Outputs;
}

// One word without quotes, $ and white space: GitHub's output file, GitLab's dotenv reports and a shell read it alike.
const word = /^[\w.:/@,+[\]-]+$/;

/**
 * The variables as lines of NAME=value, lists with commas. A value that is not one word is refused: in the output
 * file of a job, a second line would set another variable.
 */
export function renderOutputs(outputs: Outputs): string {
  return Object.entries(outputs)
    .map(([name, value]): [string, string] => [name, Array.isArray(value) ? value.join() : `${value ?? ""}`])
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `${name}=${requireWord(name, value)}\n`)
    .join("");
}

/** Each variable under the name of its platform, and under its own where all that have it agree. */
export function platformOutputs(parts: readonly OutputPart[]): Outputs {
  return {
    ...agreed(parts),
    ...qualified(
      parts,
      parts.map(({ name }) => variableName(name)),
    ),
  };
}

/**
 * Each variable under a name of its repository, as in DIGEST_GHCR_IO, and under its own where all that have it
 * agree. The name is the registry's, with the path as well where it has several of them. One of several images has its
 * own name between: DIGEST_SERVER, DIGEST_SERVER_GHCR_IO.
 */
export function repositoryOutputs(parts: readonly OutputPart[], image?: string): Outputs {
  const own = image === undefined ? "" : `_${variableName(image)}`;
  const common = Object.entries(agreed(parts)).map(([name, value]) => [`${name}${own}`, value]);
  const names = repositoryNames(parts.map(({ name }) => name)).map((name) => `${own}_${name}`.slice(1));
  return { ...Object.fromEntries(common), ...qualified(parts, names) };
}

function agreed(parts: readonly OutputPart[]): Outputs {
  const all = parts.map(({ outputs }) => outputs);
  const names = [...new Set(all.flatMap((outputs) => Object.keys(outputs)))];
  return Object.fromEntries(
    names.flatMap((name) => {
      const values = all.map((outputs) => outputs[name]).filter((value) => value !== undefined);
      return new Set(values.map(String)).size === 1 ? [[name, values[0]]] : [];
    }),
  );
}

function qualified(parts: readonly OutputPart[], names: readonly string[]): Outputs {
  return Object.fromEntries(
    parts.flatMap(({ outputs }, at) =>
      Object.entries(outputs).map(([name, value]) => [`${name}_${names[at]}`, value]),
    ),
  );
}

function repositoryNames(repositories: readonly string[]): string[] {
  const registryOf = (repository: string) => variableName(repository.replace(/\/.*/, ""));
  const registries = repositories.map(registryOf);
  const isOnly = (registry: string) => registries.indexOf(registry) === registries.lastIndexOf(registry);
  const names = repositories.map((repository) => {
    const registry = registryOf(repository);
    return isOnly(registry) ? registry : variableName(repository);
  });
  // Two paths may be spelled alike in letters, digits and underscores.
  return names.map((name, at) => (names.indexOf(name) === at ? name : `${name}_${at + 1}`));
}

/** `linux/amd64` is LINUX_AMD64. */
function variableName(text: string): string {
  return text
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, "_")
    .replace(/^_|_$/g, "");
}

function requireWord(name: string, value: string): string {
  if (word.test(value)) return value;
  throw new InputError({
    subject: `variable ${name}`,
    expected: "one word of letters, digits and _ . : / @ , + - [ ]",
    given: value,
    fix: "Take it from --format Json",
  });
}
