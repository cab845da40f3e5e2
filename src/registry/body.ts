import type { ReadableStreamDefaultReader } from "node:stream/web";
import type { Response } from "undici";
import { RegistryError } from "../errors.js";
import { limitPassedBy, parseJson, repeatedName } from "../json.js";
import { redactBeginning } from "../secrets.js";
import { excerpt } from "../text.js";
import { answerTime, type Bound, explanationBytes, leastRate } from "./bounds.js";
import { classifyNetworkError } from "./verdict.js";

/** A part of a body, and what it makes of the whole. */
interface Part {
  chunk: Uint8Array;
  /** Bytes so far, this chunk included. */
  bytes: number;
  /** Milliseconds that were waited for them; what their reader takes does not count. */
  waited: number;
}

/** The body as a whole; `subject` is what messages begin with. */
export async function bodyOf(response: Response, subject: string, bound: Bound): Promise<Buffer> {
  let body = Buffer.alloc(0);
  let length = 0;
  for await (const { chunk, bytes, waited } of partsOf(response, subject)) {
    if (bytes > bound.bytes)
      throw new RegistryError(
        `${subject}: the answer is larger than ${bound.bytes} bytes, the most that is read of ${bound.of}.`,
        { failure: "invalid" },
      );
    if (waited > answerTime) throw tooSlow(subject, `is not complete after ${answerTime / 1000} s`);
    // Grown in steps: a list of chunks takes many times their bytes where each has one.
    if (bytes > body.length) body = Buffer.concat([body], Math.min(2 * bytes, bound.bytes));
    body.set(chunk, length);
    length = bytes;
  }
  return body.subarray(0, length);
}

/** The body as it arrives, which is known to have a size. */
export async function* chunksOf(
  response: Response,
  subject: string,
  size: number,
): AsyncGenerator<Uint8Array> {
  for await (const { chunk, bytes, waited } of partsOf(response, subject)) {
    if (bytes > size)
      throw new RegistryError(
        `${subject}: the answer is larger than the ${size} bytes that it is listed with.`,
        {
          failure: "invalid",
        },
      );
    if (waited > answerTime && bytes < (waited / 1000) * leastRate)
      throw tooSlow(subject, `brings less than ${leastRate} bytes a second`);
    yield chunk;
  }
}

/** The JSON of a body; undefined where it is none. */
export function jsonOf(text: string, subject: string, { json }: Bound): unknown {
  const expected = limitPassedBy(text, json);
  if (expected !== undefined)
    throw new RegistryError(`${subject}: the answer is more than ${expected}.`, { failure: "invalid" });
  const parsed = parseJson(text);
  const repeated = parsed === undefined ? undefined : repeatedName(text);
  if (repeated === undefined) return parsed;
  throw new RegistryError(
    `${subject}: the answer has "${excerpt(repeated, 80)}" twice in one object, so what it says cannot be told.`,
    { failure: "invalid" },
  );
}

/** What an answer says about its status, as far as it arrives: the rest is not needed. */
export async function explanationIn(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let isCut = true;
  try {
    isCut = await readUntil(response, chunks);
  } catch {
    // The status stands without it.
  }
  const text = Buffer.concat(chunks).subarray(0, explanationBytes).toString("utf8");
  return isCut ? redactBeginning(text, text.length, isCut) : text;
}

/** Reads a body as far as it is looked at; true where there is more of it. */
async function readUntil(response: Response, chunks: Uint8Array[]): Promise<boolean> {
  for await (const { chunk, bytes, waited } of partsOf(response, "")) {
    chunks.push(chunk);
    if (bytes > explanationBytes || waited > answerTime) return true;
  }
  return false;
}

/** Reads an unwanted body, which is short, to its end: only then does the connection serve the next request. */
export async function drain(response: Response): Promise<undefined> {
  await explanationIn(response);
}

async function* partsOf(response: Response, subject: string): AsyncGenerator<Part> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  let bytes = 0;
  let waited = 0;
  try {
    for (;;) {
      const since = performance.now();
      const chunk = await nextOf(reader, subject);
      if (chunk === undefined) return;
      waited += performance.now() - since;
      bytes += chunk.length;
      yield { chunk, bytes, waited };
    }
  } finally {
    // What is not read to its end ends with its connection.
    reader.cancel().catch(() => {});
  }
}

/** The next chunk. A decoder that is fed without an end may never give one. */
async function nextOf(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  subject: string,
): Promise<Uint8Array | undefined> {
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    reader.cancel().catch(() => {});
  }, answerTime);
  const read = await reader
    .read()
    .catch((error: unknown) => {
      const { reason, ...verdict } = classifyNetworkError(error);
      throw new RegistryError(`${subject}: the answer broke off: ${reason}.`, verdict);
    })
    .finally(() => clearTimeout(timer));
  if (late) throw tooSlow(subject, `stalled for ${answerTime / 1000} s`);
  return read.value;
}

function tooSlow(subject: string, what: string): RegistryError {
  return new RegistryError(`${subject}: the answer ${what}.`, { failure: "unreachable", transient: true });
}
