import { type Document, Lexer, Parser, parseDocument } from "yaml";
import { InputError, messageOf } from "./errors.js";

/** More than any configuration has; what is nested deeper takes far more than the text, and all of the stack. */
const most = { characters: 1_000_000, depth: 100 };

/** Parses the first document of YAML that somebody else wrote. `merge` gives the key `<<` its meaning. */
export function parseYamlDocument(text: string, file: string, { merge = false } = {}): Document.Parsed {
  const refuse = (expected: string, given: string) => new InputError({ subject: file, expected, given });
  if (text.length > most.characters)
    throw refuse(`at most ${most.characters} characters`, `${text.length} of them`);
  if (isTooDeep(text)) throw refuse(`YAML nested at most ${most.depth} deep`, "more");
  const document = parseDocument(text, { merge, logLevel: "silent" });
  const [error] = document.errors;
  if (error !== undefined) throw refuse("YAML", messageOf(error).split("\n")[0] ?? "");
  return document;
}

/** By the parser of tokens, which has a stack of its own, where that of documents takes the one of the process. */
function isTooDeep(text: string): boolean {
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(text)) {
    for (const _ of parser.next(lexeme));
    // Beside collections it has the document, and what is read.
    if (parser.stack.length > most.depth + 2) return true;
  }
  return false;
}
