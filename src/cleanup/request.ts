import { InputError } from "../errors.js";
import { isDigest } from "../registry/reference.js";
import type { PruneRequest } from "./prune.js";

/** What the caller says of a clean-up, as it is written on the command line. */
export interface PruneArguments {
  confirm: boolean;
  minAgeHours: number;
  keep: readonly string[];
  digests: readonly string[];
}

const millisecondsPerHour = 3_600_000;

/** Parses the arguments of prune; `now` is in milliseconds since the epoch. */
export function readPruneRequest(given: PruneArguments, now: number): PruneRequest {
  const { confirm, minAgeHours } = given;
  if (minAgeHours < 0)
    throw new InputError({ subject: "--min-age-hours", expected: "0 or more", given: minAgeHours });
  return {
    now,
    minAge: minAgeHours * millisecondsPerHour,
    keep: parseDigests(given.keep, "--keep"),
    digests: parseDigests(given.digests, "--digests"),
    confirm,
  };
}

/** An empty text is a variable that a pipeline leaves unset. */
function parseDigests(texts: readonly string[], subject: string): string[] {
  const digests = texts.map((text) => text.trim()).filter((text) => text !== "");
  const wrong = digests.find((text) => !isDigest(text));
  if (wrong === undefined) return digests;
  throw new InputError({ subject, expected: "digests of the form sha256:<64 hex digits>", given: wrong });
}
