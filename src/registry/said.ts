import { z } from "zod";
import { parseJson } from "../json.js";
import { beginningOf, excerpt } from "../text.js";

// More than any says of itself.
const mostRead = 1 << 14;

const words = z.string().nullish().catch(undefined);
const inWords = (parts: readonly (string | null | undefined)[]) => parts.filter(Boolean).join(": ");

// The error body of the distribution specification (v1.1, section "Error Codes").
const protocolErrors = z
  .object({ errors: z.array(z.object({ code: words, message: words })) })
  .transform(({ errors }) => errors.map(({ code, message }) => inWords([code, message])).join("; "));

// Those of OAuth2 (RFC 6749 section 5.2), and of the services around registries.
const otherErrors = z
  .object({ error: words, error_description: words, message: words, details: words, detail: words })
  .transform((body) =>
    inWords([body.error, body.error_description ?? body.message ?? body.details ?? body.detail]),
  );

const errors = z.union([protocolErrors, otherErrors]);

/** What an answer says about itself, in one line; empty where it says nothing. */
export function wordsOf(text: string): string {
  const body = beginningOf(text).slice(0, mostRead).trim();
  const said = /^[[{"]/.test(body) ? (errors.safeParse(parseJson(body)).data ?? "") : outsideJson(body);
  return excerpt(said.replace(/\s+/g, " ").trim().replace(/\.$/, ""), 300);
}

/** The same in parentheses, as it follows a status. */
export function saidBy(text: string): string {
  const said = wordsOf(text);
  return said === "" ? "" : ` (${said})`;
}

/** What came in place of the JSON that was expected, as it follows the sentence that says so. */
export function insteadOfJson(text: string): string {
  const said = wordsOf(text) || excerpt(beginningOf(text).slice(0, mostRead).replace(/\s+/g, " ").trim(), 80);
  return said === "" ? " It is empty." : ` It says: ${said}.`;
}

function outsideJson(body: string): string {
  if (!body.startsWith("<")) return body;
  const title = /<(title|h1)\b[^<>]{0,200}>([^<]{0,300})</i.exec(body)?.[2]?.trim();
  return title ? `a page titled "${title}"` : "a page of HTML";
}
