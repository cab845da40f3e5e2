import { cpSync, globSync } from "node:fs";
import { join, relative } from "node:path";
import type { DaggerArgument } from "../../node_modules/@dagger.io/dagger/dist/src/module/introspector/dagger_module/argument.js";
import type { DaggerEnumBase } from "../../node_modules/@dagger.io/dagger/dist/src/module/introspector/dagger_module/enumBase.js";
import type { DaggerFunction } from "../../node_modules/@dagger.io/dagger/dist/src/module/introspector/dagger_module/function.js";
import type { DaggerModule } from "../../node_modules/@dagger.io/dagger/dist/src/module/introspector/dagger_module/index.js";
import type { DaggerObjectBase } from "../../node_modules/@dagger.io/dagger/dist/src/module/introspector/dagger_module/objectBase.js";
import { scan } from "../../node_modules/@dagger.io/dagger/dist/src/module/introspector/index.js";
import { perWorker } from "./per-worker.js";
import { root } from "./root.js";
import { makeTemporaryDirectory } from "./temporary-directory.js";

export { root };

/** The command line of the module, under the names that the Dagger CLI gives them. */
export interface Contract {
  description: string;
  /** Options of the constructor, which hold for every function. */
  options: Option[];
  functions: CommandFunction[];
  enums: Enumeration[];
  /** The other classes of the module: state that is carried through a chain of calls. */
  states: State[];
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

export interface State {
  name: string;
  /** Functions and fields that callers would see. */
  exposed: string[];
}

/** Every source file of the module, relative to the root. */
export function sourcePaths(): string[] {
  return globSync(join(root, "src/**/*.ts"))
    .map((path) => relative(root, path))
    .sort();
}

/** Declarations of the Dagger API that the SDK brings along. */
export const apiDeclarations = join(root, "node_modules/@dagger.io/dagger/dist/src/api/client.gen.d.ts");

/** Reads the contract from `src` with the introspector of the SDK: what an engine would register. */
export function readContract(): Promise<Contract> {
  return perWorker("contract", scanContract);
}

async function scanContract(): Promise<Contract> {
  const directory = makeTemporaryDirectory();
  try {
    // The introspector looks for the types of the API in a file of the name that an engine generates.
    const api = join(directory.path, "client.gen.ts");
    cpSync(apiDeclarations, api);
    const sources = sourcePaths().map((path) => join(root, path));
    return contractOf(await scan([api, ...sources], "slipway", false));
  } finally {
    await directory.remove();
  }
}

/** A name in the spelling of the command line: `ciImage` is `ci-image`. */
export function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function contractOf({ name, description = "", objects, enums }: DaggerModule): Contract {
  const main = objects[name];
  if (main === undefined) throw new Error(`The module has no class ${name}.`);
  const enumerations = Object.values(enums).map(enumerationOf);
  const typeOf = (argument: DaggerArgument["type"]): string => {
    const type = typeName(argument);
    // As the Dagger CLI does: the values themselves are what a caller types.
    return enumerations.find((enumeration) => enumeration.name === type)?.values.join(",") ?? type;
  };
  return {
    description,
    options: Object.values(main._constructor?.arguments ?? {}).map((option) => optionOf(option, typeOf)),
    functions: Object.entries(main.methods)
      .map(([key, method]) => functionOf(key, method, typeOf))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    enums: enumerations,
    states: Object.values(objects).map((object) => stateOf(object, object === main)),
  };
}

type TypeName = (type: DaggerArgument["type"]) => string;

function functionOf(key: string, method: DaggerFunction, typeOf: TypeName): CommandFunction {
  return {
    name: kebabCase(key),
    help: method.description,
    options: Object.values(method.arguments).map((option) => optionOf(option, typeOf)),
    returns: typeName(method.returnType),
    cache: method.cache,
    check: method.isCheck,
  };
}

function optionOf(argument: DaggerArgument, typeOf: TypeName): Option {
  const value = argument.defaultValue ?? argument.defaultPath;
  return {
    name: kebabCase(argument.name),
    help: argument.description,
    type: typeOf(argument.type),
    required: !argument.isOptional && value === undefined,
    default: value === undefined ? undefined : JSON.stringify(value),
    ignore: argument.ignore ?? [],
  };
}

function enumerationOf({ name, description, values }: DaggerEnumBase): Enumeration {
  return { name, help: description, values: Object.keys(values) };
}

function stateOf({ name, properties, methods }: DaggerObjectBase, isMain: boolean): State {
  const fields = Object.values(properties).filter(({ isExposed }) => isExposed);
  return { name, exposed: [...fields.map((field) => field.name), ...(isMain ? [] : Object.keys(methods))] };
}

/** Names of the kinds that are not objects, as `dagger call --help` prints them. */
const scalars: Record<string, string> = {
  STRING_KIND: "string",
  INTEGER_KIND: "int",
  FLOAT_KIND: "float",
  BOOLEAN_KIND: "bool",
  VOID_KIND: "void",
};

function typeName(type: DaggerArgument["type"]): string {
  if (type === undefined) throw new Error("The introspector left a type unresolved.");
  if ("typeDef" in type) return `[]${typeName(type.typeDef)}`;
  return "name" in type ? type.name : (scalars[type.kind] ?? type.kind);
}
