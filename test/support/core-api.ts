import { readFileSync } from "node:fs";
import ts from "typescript";
import { apiDeclarations, type CommandFunction, kebabCase, type Option } from "./contract.js";
import { perWorker } from "./per-worker.js";

/** What can be called on a type of the Dagger API, under the names of the command line. */
export type CoreFunction = Pick<CommandFunction, "name" | "options" | "returns">;

/** Reads the functions of every type from the SDK's declarations. */
export function readCoreApi(): ReadonlyMap<string, CoreFunction[]> {
  return perWorker("core API", parseCoreApi);
}

function parseCoreApi(): Map<string, CoreFunction[]> {
  const text = readFileSync(apiDeclarations, "utf8");
  const file = ts.createSourceFile("client.gen.d.ts", text, ts.ScriptTarget.ES2023, true);
  const optionTypes = new Map(
    file.statements.filter(ts.isTypeAliasDeclaration).map((alias) => [alias.name.text, alias.type] as const),
  );
  return new Map(
    file.statements
      .filter(ts.isClassDeclaration)
      .map((declaration) => [
        declaration.name?.text ?? "",
        declaration.members.flatMap((member) => functionOf(member, optionTypes)),
      ]),
  );
}

type OptionTypes = ReadonlyMap<string, ts.TypeNode>;

function functionOf(member: ts.ClassElement, optionTypes: OptionTypes): CoreFunction[] {
  if (!ts.isPropertyDeclaration(member) || member.type === undefined || !ts.isFunctionTypeNode(member.type))
    return [];
  const { parameters, type } = member.type;
  return [
    {
      name: kebabCase(member.name.getText()),
      options: parameters.flatMap((parameter) => optionsOf(parameter, optionTypes)),
      returns: typeName(type),
    },
  ];
}

/** A parameter is a required option; the members of `opts` are options of their own. */
function optionsOf(parameter: ts.ParameterDeclaration, optionTypes: OptionTypes): Option[] {
  const { name, type } = parameter;
  if (name.getText() !== "opts") return [optionOf(name.getText(), type, true)];
  const options = optionTypes.get(type?.getText() ?? "");
  if (options === undefined || !ts.isTypeLiteralNode(options)) return [];
  return options.members
    .filter(ts.isPropertySignature)
    .map((member) => optionOf(member.name.getText(), member.type, false));
}

function optionOf(name: string, type: ts.TypeNode | undefined, required: boolean): Option {
  return { name: kebabCase(name), help: "", type: typeName(type), required, default: undefined, ignore: [] };
}

function typeName(type: ts.TypeNode | undefined): string {
  const text = type?.getText() ?? "void";
  const name = /^Promise<(.*)>$/.exec(text)?.[1] ?? text;
  return name === "boolean" ? "bool" : name;
}
