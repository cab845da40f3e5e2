import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { root } from "./contract.js";

/** What a source file of the module declares and does, without its being imported. */
export interface SourceFile {
  /** Relative to the root of the repository. */
  path: string;
  /** Specifiers of all imports, of types and of those within functions as well. */
  imports: string[];
  decorators: Decorator[];
  /** What importing the file would do beside declaring, each with its line. */
  effects: string[];
}

/** A decorator and what it stands on. */
export interface Decorator {
  name: string;
  /** `Slipway` for a class, `Slipway.lint` for a method, `Slipway.constructor(source)` for a parameter. */
  target: string;
  /** Literal properties of its argument: `{ cache: "never" }`. */
  settings: Record<string, string>;
}

/** Parses a source file; `path` is relative to the root of the repository. */
export function readSource(path: string): SourceFile {
  return parseSource(path, readFileSync(join(root, path), "utf8"));
}

/** Parses the text of a source file. */
export function parseSource(path: string, text: string): SourceFile {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
  return { path, imports: importsOf(file), decorators: decoratorsOf(file), effects: effectsOf(file) };
}

function importsOf(file: ts.SourceFile): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const specifier = specifierOf(node);
    if (specifier !== undefined && ts.isStringLiteral(specifier)) found.push(specifier.text);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** What a declaration, or a call in the midst of a function, imports. */
function specifierOf(node: ts.Node): ts.Expression | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  const isCall = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
  return isCall ? node.arguments[0] : undefined;
}

function decoratorsOf(file: ts.SourceFile): Decorator[] {
  const found: Decorator[] = [];
  const visit = (node: ts.Node): void => {
    const decorators = ts.canHaveDecorators(node) ? (ts.getDecorators(node) ?? []) : [];
    found.push(...decorators.map(({ expression }) => describeDecorator(expression, node)));
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function describeDecorator(expression: ts.Expression, node: ts.Node): Decorator {
  const call = ts.isCallExpression(expression) ? expression : undefined;
  const [argument] = call?.arguments ?? [];
  const properties =
    argument !== undefined && ts.isObjectLiteralExpression(argument) ? argument.properties : [];
  const settings = properties.flatMap((property) =>
    ts.isPropertyAssignment(property) && ts.isStringLiteral(property.initializer)
      ? [[property.name.getText(), property.initializer.text] as const]
      : [],
  );
  return {
    name: (call?.expression ?? expression).getText(),
    target: nameOf(node),
    settings: Object.fromEntries(settings),
  };
}

function nameOf(node: ts.Node): string {
  if (ts.isParameter(node)) return `${nameOf(node.parent)}(${node.name.getText()})`;
  if (ts.isConstructorDeclaration(node)) return `${nameOf(node.parent)}.constructor`;
  if (ts.isClassElement(node)) return `${nameOf(node.parent)}.${node.name?.getText() ?? ""}`;
  return ts.isClassLike(node) ? (node.name?.getText() ?? "") : "";
}

/** Statements that only declare. What a constant is set to is looked at by itself. */
const declarations: readonly ts.SyntaxKind[] = [
  ts.SyntaxKind.ImportDeclaration,
  ts.SyntaxKind.ExportDeclaration,
  ts.SyntaxKind.InterfaceDeclaration,
  ts.SyntaxKind.TypeAliasDeclaration,
  ts.SyntaxKind.EnumDeclaration,
  ts.SyntaxKind.FunctionDeclaration,
  ts.SyntaxKind.ClassDeclaration,
  ts.SyntaxKind.VariableStatement,
];

/** Names whose calls make a value and touch nothing else. */
const pure: readonly string[] = [
  "z",
  "Object",
  "String",
  "Buffer",
  "Map",
  "Set",
  "WeakMap",
  "WeakSet",
  "RegExp",
  "URL",
];

function effectsOf(file: ts.SourceFile): string[] {
  const own = new Set(
    file.statements.flatMap((statement) =>
      ts.isFunctionDeclaration(statement) ? [statement.name?.text] : constantsOf(statement),
    ),
  );
  const effects: string[] = [];
  const report = (node: ts.Node): void => {
    const { line } = file.getLineAndCharacterOfPosition(node.getStart());
    effects.push(`line ${line + 1}: ${node.getText().split("\n")[0]}`);
  };
  const visit = (node: ts.Node): void => {
    // The body of a function runs when it is called, and decorators are the SDK's.
    if (ts.isFunctionLike(node) || ts.isDecorator(node) || isField(node)) return;
    if (ts.isAwaitExpression(node)) report(node);
    if (ts.isCallExpression(node) || ts.isNewExpression(node)) {
      const callee = rootOf(node.expression);
      if (callee === undefined || !(pure.includes(callee) || own.has(callee))) report(node);
    }
    ts.forEachChild(node, visit);
  };
  for (const statement of file.statements) {
    if (declarations.includes(statement.kind)) visit(statement);
    else report(statement);
  }
  return effects;
}

/** A field of an instance, which is set when an instance is made. */
function isField(node: ts.Node): boolean {
  return (
    ts.isPropertyDeclaration(node) &&
    !node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword)
  );
}

function constantsOf(statement: ts.Statement): string[] {
  if (!ts.isVariableStatement(statement)) return [];
  return statement.declarationList.declarations.map(({ name }) => name.getText());
}

/** The name at the start of what is called: `z` in `z.string().optional`. A text or a list is an object like those. */
function rootOf(expression: ts.Expression): string | undefined {
  if (ts.isPropertyAccessExpression(expression)) return rootOf(expression.expression);
  if (ts.isCallExpression(expression)) return rootOf(expression.expression);
  if (ts.isStringLiteral(expression) || ts.isArrayLiteralExpression(expression)) return "Object";
  return ts.isIdentifier(expression) ? expression.text : undefined;
}
