import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** Sends the same chunk again and again, until the client hangs up. */
export async function sendEndlessly(response: ServerResponse, chunk: Buffer | string): Promise<void> {
  await pipeline(Readable.from(endless(chunk)), response).catch(() => {});
}

function* endless<T>(value: T): Generator<T> {
  for (;;) yield value;
}
