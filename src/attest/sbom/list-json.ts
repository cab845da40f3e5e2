import { type JsonLimit, parseBounded } from "../../json.js";

// More than the lock of a large project has.
const limit: JsonLimit = { depth: 100, values: 1_000_000 };

/** JSON of a list of packages; undefined where it is none, or more than any list has. */
export function parseList(text: string): unknown {
  return parseBounded(text, limit);
}
