import { splitAtEnclosed } from "../enclosed.js";
import { NoEquivalent } from "../note.js";

/** An expression of a Go template. */
export type Expression =
  | { kind: "literal"; value: string | number | boolean }
  | { kind: "field"; path: readonly string[] }
  | { kind: "call"; name: string; arguments: readonly Expression[] }
  | { kind: "unknown"; why: string };

export type TemplateNode =
  | { kind: "text"; text: string }
  | { kind: "value"; expression: Expression }
  | { kind: "if"; branches: { condition?: Expression; body: TemplateNode[] }[] };

interface Action {
  text: string;
  trimBefore: boolean;
  trimAfter: boolean;
}

const longest = 10_000;
const token =
  /\s*("(?:[^"\\]|\\.)*"|`[^`]*`|-?\d+|\$?(?:\.[A-Za-z_]\w*)+|\$\w*|[A-Za-z_]\w*|[()|,]|:=|=|\.)/y;

/** Parses what of Go's text/template configurations have: values, functions, pipelines, if and else. */
export function parseGoTemplate(text: string): TemplateNode[] {
  if (text.length > longest) throw new NoEquivalent(`it is longer than ${longest} characters`);
  const pieces = split(text);
  const top: TemplateNode[] = [];
  const open: Extract<TemplateNode, { kind: "if" }>[] = [];
  const body = () => open.at(-1)?.branches.at(-1)?.body ?? top;
  for (const piece of pieces) {
    if (typeof piece === "string") {
      if (piece !== "") body().push({ kind: "text", text: piece });
      continue;
    }
    const [, keyword = "", rest = ""] =
      /^(if|else|end|range|with|define|template|block|break)?\b\s*(.*)$/s.exec(piece.text) ?? [
        undefined,
        "",
        piece.text,
      ];
    if (/^\/\*.*\*\/$/s.test(piece.text)) continue;
    if (keyword === "") body().push({ kind: "value", expression: parseExpression(piece.text) });
    else if (keyword === "if") {
      const node: TemplateNode = { kind: "if", branches: [{ condition: parseExpression(rest), body: [] }] };
      body().push(node);
      open.push(node);
    } else if (keyword === "else") {
      const condition = rest.startsWith("if") ? parseExpression(rest.slice(2)) : undefined;
      const node = open.at(-1);
      if (node === undefined) throw new NoEquivalent("its else has no if");
      node.branches.push({ ...(condition === undefined ? {} : { condition }), body: [] });
    } else if (keyword === "end") {
      if (open.pop() === undefined) throw new NoEquivalent("its end has no if");
    } else throw new NoEquivalent(`${keyword} of Go's templates is not read`);
  }
  if (open.length > 0) throw new NoEquivalent("its if has no end");
  return top;
}

function split(text: string): (string | Action)[] {
  const parts = splitAtEnclosed(text, { begin: "{{", end: "}}" });
  const pieces = parts.map((inner, at): string | Action => {
    if (at % 2 === 0) return inner;
    return {
      text: inner.replace(/^-\s/, "").replace(/\s-$/, "").trim(),
      trimBefore: /^-\s/.test(inner),
      trimAfter: /\s-$/.test(inner),
    };
  });
  return pieces.map((piece, at) => {
    if (typeof piece !== "string") return piece;
    const [before, after] = [pieces[at - 1], pieces[at + 1]];
    const start = typeof before === "object" && before.trimAfter ? piece.trimStart() : piece;
    return typeof after === "object" && after.trimBefore ? start.trimEnd() : start;
  });
}

// What is nested or piped takes the stack; templates have a few dozen.
const mostTokens = 500;

function parseExpression(text: string): Expression {
  const tokens: string[] = [];
  token.lastIndex = 0;
  while (token.lastIndex < text.trimEnd().length) {
    const from = token.lastIndex;
    const found = token.exec(text)?.[1];
    if (found === undefined) return { kind: "unknown", why: `${text.slice(from).trim()} is not read` };
    tokens.push(found);
  }
  if (tokens.length > mostTokens) return { kind: "unknown", why: "it is longer than any that is read" };
  const reader = { tokens, at: 0 };
  const expression = readPipeline(reader);
  return reader.at < tokens.length ? { kind: "unknown", why: `${text.trim()} is not read` } : expression;
}

interface Reader {
  tokens: readonly string[];
  at: number;
}

function readPipeline(reader: Reader): Expression {
  let expression = readCommand(reader);
  while (reader.tokens[reader.at] === "|") {
    reader.at += 1;
    const next = readCommand(reader);
    if (next.kind !== "call") return { kind: "unknown", why: "it pipes into what is no function" };
    expression = { ...next, arguments: [...next.arguments, expression] };
  }
  return expression;
}

function readCommand(reader: Reader): Expression {
  const operands = readOperands(reader);
  const [first = { kind: "unknown", why: "it is empty" }, ...rest] = operands;
  const unread = operands.find(({ kind }) => kind === "unknown");
  if (unread !== undefined) return unread;
  if (first.kind === "call" && first.arguments.length === 0) return { ...first, arguments: rest };
  if (first.kind === "field" && first.path.at(-1) === "Format" && rest.length === 1)
    return { kind: "call", name: "time", arguments: rest };
  return rest.length === 0 ? first : { kind: "unknown", why: "it calls what is no function" };
}

function readOperands(reader: Reader): Expression[] {
  const operands: Expression[] = [];
  for (;;) {
    const next = reader.tokens[reader.at];
    if (next === undefined || next === "|" || next === ")") return operands;
    reader.at += 1;
    if (next !== "(") operands.push(readOperand(next));
    else {
      operands.push(readPipeline(reader));
      if (reader.tokens[reader.at] !== ")") return [{ kind: "unknown", why: "a parenthesis is not closed" }];
      reader.at += 1;
    }
  }
}

function readOperand(text: string): Expression {
  if (text.startsWith('"')) return { kind: "literal", value: unquoted(text) };
  if (text.startsWith("`")) return { kind: "literal", value: text.slice(1, -1) };
  if (/^-?\d+$/.test(text)) return { kind: "literal", value: Number(text) };
  if (text === "true" || text === "false") return { kind: "literal", value: text === "true" };
  if (/^\$?\.[A-Za-z_]/.test(text)) return { kind: "field", path: text.replace(/^\$?\./, "").split(".") };
  if (/^[A-Za-z_]\w*$/.test(text)) return { kind: "call", name: text, arguments: [] };
  return { kind: "unknown", why: `${text} of Go's templates is not read` };
}

function unquoted(text: string): string {
  try {
    return String(JSON.parse(text));
  } catch {
    throw new NoEquivalent(`${text} is no text that is read`);
  }
}
