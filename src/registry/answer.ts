import type { Response } from "undici";
import { z } from "zod";
import { RegistryError } from "../errors.js";
import { excerpt } from "../text.js";
import { parseJson } from "./json.js";
import { classifyNetworkError } from "./verdict.js";

/** What of an answer says where a list continues. */
interface ListPage {
  headers: { get(name: string): string | null };
  url: string;
}

/** Media type of the body, without parameters. */
export function mediaTypeOf(response: Response): string {
  return (response.headers.get("content-type") ?? "").replace(/;.*$/, "").trim();
}

/** The digest that the registry says the body has. */
export function digestIn(response: Response): string | undefined {
  return response.headers.get("docker-content-digest") ?? undefined;
}

/** Reads an unwanted body, which is short, to its end: only then does the connection serve the next request. */
export async function drain(response: Response): Promise<undefined> {
  await response.arrayBuffer().catch(() => undefined);
}

/** The body as a whole; `subject` is what messages begin with. */
export async function bodyOf(response: Response, subject: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of chunksOf(response, subject)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The body as it arrives. */
export async function* chunksOf(response: Response, subject: string): AsyncGenerator<Uint8Array> {
  try {
    if (response.body !== null) yield* response.body;
  } catch (error) {
    const { reason, ...verdict } = classifyNetworkError(error);
    throw new RegistryError(`${subject}: the answer broke off: ${reason}.`, verdict);
  }
}

/** Where a list continues: `Link` with rel="next" (RFC 8288), against the URL that answered. */
export function nextPage({ headers, url }: ListPage): URL | undefined {
  const next = /<([^>]+)>\s*;\s*rel="?next"?/.exec(headers.get("link") ?? "")?.[1];
  return next === undefined ? undefined : new URL(next, url);
}

/** The codes and messages of the protocol's error body, as ` (CODE: message)`. */
export function saidBy(text: string): string {
  const body = z
    .object({ errors: z.array(z.object({ code: z.string().optional(), message: z.string().optional() })) })
    .safeParse(parseJson(text));
  const said = body.data?.errors
    .map(({ code, message }) => [code, message].filter(Boolean).join(": "))
    .join("; ");
  return said ? ` (${excerpt(said.replace(/\s+/g, " "), 300)})` : "";
}
