import type { CommandFunction, Contract, Option } from "./contract.js";
import { documentedTable } from "./documented-table.js";

/** The reference of every function, as `dagger call` has it. */
export function renderFunctions({ description, options, functions }: Contract): string {
  return `${[
    "# Functions",
    "Made from the code, as `dagger call <function> --help` says it: `npm run generate`.",
    description,
    "These options stand before the function, and hold for every one:",
    optionTable(options),
    ...functions.map(section),
  ].join("\n\n")}\n`;
}

function section({ name, help, options, returns, check }: CommandFunction): string {
  const gives = `Gives ${/^[AEIOU]/i.test(returns) ? "an" : "a"} ${returns}${check ? "; `dagger check` runs it as well" : ""}.`;
  return [`## ${name}`, help, gives, ...(options.length === 0 ? [] : [optionTable(options)])].join("\n\n");
}

function optionTable(options: readonly Option[]): string {
  return documentedTable(
    ["option", "form", "default", "what it says"],
    options.map(({ name, help, type, required, default: value }) => [
      `--${name}`,
      asShown(type),
      required ? "required" : shownDefault(type, value),
      help.replaceAll("\n", " "),
    ]),
  );
}

/** Values of an enumeration as `--help` lists them: DOTENV,JSON,MARKDOWN,PIPELINE. Small letters are taken as well. */
function asShown(type: string): string {
  return isEnumeration(type) ? type.toUpperCase().split(",").toSorted().join() : type;
}

function shownDefault(type: string, value: string | undefined): string {
  return value !== undefined && isEnumeration(type) ? value.toUpperCase().replaceAll('"', "") : (value ?? "");
}

function isEnumeration(type: string): boolean {
  return type.includes(",");
}
