import { NoEquivalent } from "../note.js";
import { isKnown, isTrue, joined, literal, type SymbolicText, type Value } from "../symbolic-text.js";
import { apply } from "./template-functions.js";
import { type Expression, parseGoTemplate, type TemplateNode } from "./template-syntax.js";

/** What a field of GoReleaser's templates stands for; a function throws the reason why it has no equivalent. */
export type Fields = (path: readonly string[]) => Value;

/**
 * A Go template as a text with Slipway's placeholders. Where it holds something else, or decides by something that is
 * not known before a release, the reason is thrown.
 */
export function translate(text: string, fields: Fields): SymbolicText {
  return render(parseGoTemplate(text), fields);
}

function render(nodes: readonly TemplateNode[], fields: Fields): SymbolicText {
  return joined(nodes, (node) => {
    if (node.kind === "text") return literal(node.text);
    if (node.kind === "if") {
      const chosen = node.branches.find(
        ({ condition }) => condition === undefined || isTrue(evaluate(condition, fields)),
      );
      return chosen === undefined ? [] : render(chosen.body, fields);
    }
    const value = evaluate(node.expression, fields);
    return isKnown(value) ? literal(String(value)) : value;
  });
}

function evaluate(expression: Expression, fields: Fields): Value {
  switch (expression.kind) {
    case "literal":
      return typeof expression.value === "string" ? literal(expression.value) : expression.value;
    case "field":
      return fields(expression.path);
    case "call":
      return apply(
        expression.name,
        expression.arguments.map((argument) => () => evaluate(argument, fields)),
        fields,
      );
    case "unknown":
      throw new NoEquivalent(expression.why);
  }
}
