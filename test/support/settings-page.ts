import { address } from "./address.js";
import { documentedTable } from "./documented-table.js";

const schemaUrl = `https://raw.githubusercontent.com/${address.repository}/v${address.version}/slipway.schema.json`;

/** As much of a JSON Schema as the page of settings reads. */
interface Schema {
  type?: string;
  description?: string;
  default?: unknown;
  enum?: readonly unknown[];
  properties?: Record<string, Schema>;
  items?: Schema;
  anyOf?: readonly Schema[];
  additionalProperties?: Schema | boolean;
}

/** The reference of slipway.json, a section for each of its parts. */
export function renderSettings(schema: Schema): string {
  const parts = Object.entries(schema.properties ?? {}).filter(([name]) => name !== "$schema");
  const sections = parts.map(([name, part]) =>
    [
      `## ${name}`,
      part.description ?? "",
      documentedTable(
        ["setting", "form", "default", "what it says"],
        rowsOf(name, part).map(([path, setting]) => [
          path,
          formOf(setting),
          setting.default === undefined ? "" : JSON.stringify(setting.default),
          setting.description ?? "",
        ]),
      ),
    ].join("\n\n"),
  );
  return `${[
    "# Settings",
    "All that `slipway.json` at the root of the source may hold. Every setting may be left out, and a name that is none is an\nerror. This page is made from the code: `npm run generate`. An editor completes and checks the file where it names the\nschema of the version of Slipway that is called:",
    ["```json", JSON.stringify({ $schema: schemaUrl }), "```"].join("\n"),
    "A typo is said in a second, and without an engine, by any program that knows JSON Schema 2020-12. check-jsonschema is\none, and a hook of pre-commit as well:",
    ["```sh", `pipx run check-jsonschema --schemafile ${schemaUrl} slipway.json`, "```"].join("\n"),
    [
      "```",
      "Schema validation errors were encountered.",
      "  slipway.json::$.release: Additional properties are not allowed ('repositorys' was unexpected)",
      "```",
    ].join("\n"),
    "In a clone of Slipway, `npm start -- <directory>` reads the settings as the module does, and says what no schema can: a\ntemplate that makes `latest`, a Dockerfile that is not there.",
    ...sections,
  ].join("\n\n")}\n`;
}

/** The settings below a part, each with its path; `[]` stands for any entry of a list. */
function rowsOf(path: string, schema: Schema): [string, Schema][] {
  const { properties, items, anyOf = [] } = schema;
  const objects = [schema, ...anyOf, ...(items === undefined ? [] : [items, ...(items.anyOf ?? [])])];
  const inner = objects.find((one) => one.properties !== undefined)?.properties ?? {};
  const prefix = properties === undefined && items !== undefined ? `${path}[]` : path;
  const below = Object.entries(inner).flatMap(([name, setting]) => rowsOf(`${prefix}.${name}`, setting));
  return properties === undefined ? [[path, schema], ...below] : below;
}

function formOf({ type, enum: values, items, anyOf, additionalProperties }: Schema): string {
  if (values !== undefined) return values.map((value) => JSON.stringify(value)).join(" or ");
  if (anyOf !== undefined) return [...new Set(anyOf.map(formOf))].join(" or ");
  if (type === "array") return `list of ${items === undefined ? "anything" : formOf(items)}`;
  if (typeof additionalProperties === "object") return `${formOf(additionalProperties)} by name`;
  return type ?? "";
}
