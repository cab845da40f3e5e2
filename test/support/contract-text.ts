import type { CommandFunction, Contract, Option } from "./contract.js";

/** The contract as text, to be reviewed: one block for each function. */
export function renderContract({ description, options, functions, enums }: Contract): string {
  const blocks = [
    "The command line of Slipway, as an engine reads it from src. A change here is a change for every caller:\nreview it, and write it with `npm run generate`.",
    block("slipway", description, options),
    ...functions.map((command) => block(headline(command), command.help, command.options)),
    ...enums.map(({ name, help, values }) => block(`${name}: ${values.join(", ")}`, help)),
  ];
  return `${blocks.join("\n\n")}\n`;
}

function headline({ name, returns, cache, check }: CommandFunction): string {
  const traits = [`cache: ${cache ?? "7 days, by default"}`, ...(check ? ["a check"] : [])];
  return `${name}: ${returns} (${traits.join(", ")})`;
}

function block(title: string, help: string, options: readonly Option[] = []): string {
  const gap = options.length === 0 ? [] : [""];
  return [title, ...indent(help), ...gap, ...options.flatMap(optionLines)].join("\n");
}

function optionLines({ name, help, type, required, default: value, ignore }: Option): string[] {
  const traits = [
    ...(required ? ["required"] : []),
    ...(value === undefined ? [] : [`default: ${value}`]),
    ...(ignore.length === 0 ? [] : [`without ${ignore.join(", ")}`]),
  ];
  const suffix = traits.length === 0 ? "" : ` (${traits.join("; ")})`;
  return [`    --${name} ${type}${suffix}`, ...indent(help, 8)];
}

function indent(text: string, width = 4): string[] {
  return text.split("\n").map((line) => (line === "" ? "" : " ".repeat(width) + line));
}
