import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { root } from "./contract.js";

/** An input of a template, as `spec: inputs` declares it. */
export interface TemplateInput {
  description: string;
  type?: "array" | "boolean" | "number" | "string";
  default?: InputValue;
  options?: InputValue[];
  regex?: string;
}

export type InputValue = string | number | boolean | object[];

/** What GitLab makes of a template once it has its inputs. */
export interface GitlabTemplate {
  text: string;
  inputs: Record<string, TemplateInput>;
  // biome-ignore lint/suspicious/noExplicitAny: as YAML gives it; who reads it says what it relies on
  render(given?: Record<string, InputValue>): Record<string, any>;
}

/** Reads the template that pipelines of GitLab include. */
export function readGitlabTemplate(): GitlabTemplate {
  const text = readFileSync(join(root, "templates/pipeline.yml"), "utf8");
  const [header = "", body = ""] = text.split(/^---$/m);
  const { inputs } = (parse(header) as { spec: Pick<GitlabTemplate, "inputs"> }).spec;
  return { text, inputs, render: (given = {}) => parse(interpolate(body, valuesOf(inputs, given))) };
}

function valuesOf(
  inputs: Record<string, TemplateInput>,
  given: Record<string, InputValue>,
): Map<string, InputValue> {
  const unknown = Object.keys(given).filter((name) => !(name in inputs));
  if (unknown.length > 0) throw new Error(`the template has no input ${unknown}`);
  return new Map(
    Object.entries(inputs).map(([name, input]) => [
      name,
      accepted(name, input, given[name] ?? input.default),
    ]),
  );
}

function accepted(name: string, input: TemplateInput, value: InputValue | undefined): InputValue {
  if (value === undefined) throw new Error(`${name}: is required`);
  const { type = "string", options = [value], regex = "" } = input;
  const kind = Array.isArray(value) ? "array" : typeof value;
  if (kind !== type) throw new Error(`${name}: ${kind} is no ${type}`);
  if (!options.includes(value)) throw new Error(`${name}: ${value} is no ${options}`);
  if (!new RegExp(regex).test(String(value))) throw new Error(`${name}: ${value} does not match ${regex}`);
  return value;
}

/** In the text, before it is YAML, as GitLab does it. */
function interpolate(text: string, values: Map<string, InputValue>): string {
  return text.replace(/\$\[\[ (?:inputs\.(\w+)|.*?) \]\]/g, (expression, name = "") => {
    const value = values.get(name);
    if (value === undefined) throw new Error(`${expression}: the template has no such input`);
    return typeof value === "object" ? JSON.stringify(value) : String(value);
  });
}
