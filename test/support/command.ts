import type { CommandFunction, Contract, Option } from "./contract.js";
import type { CoreFunction } from "./core-api.js";

/** A call of the command line: options of the module, then a chain of functions with theirs. */
export interface Command {
  options: Record<string, string[]>;
  chain: { name: string; options: Record<string, string[]> }[];
}

/** What a command may consist of. */
export interface Grammar {
  contract: Contract;
  core: ReadonlyMap<string, CoreFunction[]>;
}

/** What is wrong with a command; empty where it can be called. */
export function problemOf(command: string, grammar: Grammar): string[] {
  try {
    parseCommand(command, grammar);
    return [];
  } catch (error) {
    return [`${command}: ${String(error)}`];
  }
}

type Callable = Pick<CommandFunction, "name" | "options" | "returns">;

/**
 * Parses `dagger call …`, or `dagger -m <module> call …`, against the grammar; throws an error that names the first word that no caller could
 * write, or the option that is missing.
 */
export function parseCommand(text: string, { contract, core }: Grammar): Command {
  const words = splitWords(text);
  if (words.shift() !== "dagger") throw new Error(`${text}: does not begin with dagger call`);
  takeOptions(words, cliOptions, "dagger");
  if (words.shift() !== "call") throw new Error(`${text}: does not begin with dagger call`);
  const functionsOf = (type: string): readonly Callable[] =>
    type === "Slipway" ? contract.functions : (core.get(type) ?? []);
  const command: Command = {
    options: takeOptions(words, [...cliOptions, ...contract.options], "dagger call"),
    chain: [],
  };
  let type = "Slipway";
  while (words.length > 0) {
    const name = words.shift();
    const next = functionsOf(type).find((candidate) => candidate.name === name);
    if (next === undefined) throw new Error(`${text}: ${type} has no function ${name}`);
    command.chain.push({ name: next.name, options: takeOptions(words, next.options, next.name) });
    type = next.returns;
  }
  if (command.chain.length === 0) throw new Error(`${text}: calls no function`);
  return command;
}

/** Options of the Dagger CLI itself. */
const cliOptions: readonly Option[] = [
  { name: "mod", type: "string" },
  { name: "output", type: "string" },
  { name: "progress", type: "string" },
].map((option) => ({ ...option, help: "", required: false, default: undefined, ignore: [] }));

const shorthands: Record<string, string> = { "-m": "--mod", "-o": "--output" };

/** Takes the options at the front of the words, and checks them against those that may stand there. */
function takeOptions(words: string[], allowed: readonly Option[], owner: string): Record<string, string[]> {
  const taken: Record<string, string[]> = {};
  while (words[0]?.startsWith("-")) {
    const word = words.shift() ?? "";
    const [, name = "", inline] = /^--([^=]+)(?:=(.*))?$/s.exec(shorthands[word] ?? word) ?? [];
    const option = allowed.find((candidate) => candidate.name === name);
    if (option === undefined) throw new Error(`${owner} has no option ${word}`);
    const value = inline ?? (option.type === "bool" ? "true" : words.shift());
    if (value === undefined) throw new Error(`${owner} ${word}: has no value`);
    requireType(option, value, owner);
    taken[name] = [...(taken[name] ?? []), value];
  }
  const missing = allowed.filter(({ name, required }) => required && taken[name] === undefined);
  if (missing.length > 0)
    throw new Error(`${owner}: --${missing.map(({ name }) => name).join(", --")} missing`);
  return taken;
}

function requireType({ name, type }: Option, value: string, owner: string): void {
  const isVariable = value.startsWith("$");
  const choices = type.includes(",") ? type.toLowerCase().split(",") : undefined;
  const fits =
    isVariable ||
    (type === "int" && /^\d+$/.test(value)) ||
    (type === "bool" && /^(true|false)$/.test(value)) ||
    (type === "Secret" && /^(env|file|cmd|op|vault):\/\/./.test(value)) ||
    (choices?.includes(value.toLowerCase()) ?? false) ||
    (choices === undefined && !["int", "bool", "Secret"].includes(type));
  if (!fits) throw new Error(`${owner} --${name}: ${value} is no ${type}`);
}

/** The words of a shell command of one line, without expanding variables; a backslash joins lines. */
export function splitWords(text: string): string[] {
  const joined = text.replace(/\\\n\s*/g, " ").trim();
  const words = joined.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? [];
  return words.map((word) => word.replace(/"([^"]*)"|'([^']*)'/g, "$1$2"));
}
