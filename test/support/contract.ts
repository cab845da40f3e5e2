import { cpSync, globSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { scan } from "../../node_modules/@dagger.io/dagger/dist/src/module/introspector/index.js";
import { makeTemporaryDirectory } from "./temporary-directory.js";

/** The command line of the module, under the names that the Dagger CLI gives them. */
export interface Contract {
  description: string;
  /** Options of the constructor, which hold for every function. */
  options: Option[];
  functions: CommandFunction[];
  enums: Enumeration[];
  /** Classes that are state and no command: they reach the API all the same. */
  objects: string[];
}

export interface CommandFunction {
  name: string;
  help: string;
  options: Option[];
  /** A type of the Dagger API, `Slipway` for a function to chain, or a scalar such as `string`. */
  returns: string;
  /** Cache policy of the decorator; undefined is Dagger's default of seven days. */
  cache: string | undefined;
  /** Whether `dagger check` runs it. */
  check: boolean;
}

export interface Option {
  name: string;
  help: string;
  type: string;
  required: boolean;
  /** The default as the Dagger CLI prints it. */
  default: string | undefined;
  /** Patterns that a directory is taken without. */
  ignore: string[];
}

export interface Enumeration {
  name: string;
  help: string;
  values: string[];
}

/** The root of the repository. */
export const root = fileURLToPath(new URL("../../", import.meta.url));

/** Every source file of the module, relative to the root. */
export function sourcePaths(): string[] {
  return globSync(join(root, "src/**/*.ts"))
    .map((path) => relative(root, path))
    .sort();
}

/** Reads the contract from `src` with the introspector of the SDK: what an engine would register. */
export async function readContract(): Promise<Contract> {
  const core = makeTemporaryDirectory();
  try {
    // The introspector looks for the types of the API in a file of the name that an engine generates.
    const api = join(core.path, "client.gen.ts");
    cpSync(apiDeclarations, api);
    const module = await scan([api, ...sourcePaths().map((path) => join(root, path))], "slipway", false);
    // Its classes hold the compiler's whole state; what they become in JSON is their interface.
    return contractOf(JSON.parse(JSON.stringify(module)) as Introspection);
  } finally {
    await core.remove();
  }
}

/** Declarations of the Dagger API that the SDK brings along. */
export const apiDeclarations = join(root, "node_modules/@dagger.io/dagger/dist/src/api/client.gen.d.ts");

/** A name in the spelling of the command line: `ciImage` is `ci-image`. */
export function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The contract as text, to be reviewed: one block for each function. */
export function renderContract({ description, options, functions, enums, objects }: Contract): string {
  return [
    "The command line of Slipway, as an engine reads it from src. A change here is a change for every caller:",
    "review it, and write it with `npm run generate`.",
    "",
    "slipway",
    ...indent(description),
    ...options.flatMap(optionLines),
    ...functions.toSorted(byName).flatMap(functionLines),
    ...enums.toSorted(byName).flatMap(enumLines),
    "",
    `state: ${objects.toSorted().join(", ")}`,
    "",
  ].join("\n");
}

/** The part of the introspector's result that the contract is made of. */
interface Introspection {
  name: string;
  description?: string;
  objects: Record<string, IntrospectedObject>;
  enums: Record<
    string,
    { name: string; description: string; values: Record<string, { name: string; description: string }> }
  >;
}

interface IntrospectedObject {
  constructor?: { arguments: Record<string, IntrospectedArgument> };
  methods: Record<string, IntrospectedFunction>;
}

interface IntrospectedFunction {
  name: string;
  alias?: string;
  description: string;
  arguments: Record<string, IntrospectedArgument>;
  returnType?: IntrospectedType;
}

interface IntrospectedArgument {
  name: string;
  description: string;
  type?: IntrospectedType;
  isOptional: boolean;
  defaultValue?: unknown;
  defaultPath?: string;
  ignore?: string[];
}

interface IntrospectedType {
  kind: string;
  name?: string;
  typeDef?: IntrospectedType;
}
