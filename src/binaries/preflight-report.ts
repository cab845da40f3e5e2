import { VerificationError } from "../errors.js";
import { markdownTable, type Report } from "../report.js";
import type { PreflightCheck } from "./preflight.js";

/**
 * What was checked of the binaries, and what could not be. Throws the same report as an error where something does
 * not hold.
 */
export function reportPreflight(checks: readonly PreflightCheck[]): Report {
  const sorted = checks.toSorted((a, b) => rank(a) - rank(b));
  const markdown = markdownTable(
    ["binary", "check", "expected", "found", "holds"],
    sorted.map(({ subject, check, expected, found, holds }) => [
      subject,
      check,
      expected,
      found,
      holds === undefined ? "not checked" : holds ? "yes" : { strong: "no" },
    ]),
  );
  const failed = sorted.filter(({ holds }) => holds === false);
  if (failed.length === 0) return { markdown, data: checks, outputs: {} };
  const lines = failed.map(
    ({ subject, check, expected, found }) =>
      `${subject}: ${check}: expected ${expected}, got ${found}. ${fixes[check]}.`,
  );
  throw new VerificationError([...lines, "", ...markdown.split("\n")]);
}

const fixes: Record<PreflightCheck["check"], string> = {
  machine: "Build it for its platform, or name the binaries in release.binaries.names",
  libc: "Link it statically (CGO_ENABLED=0, or a musl target), or choose a base with its C library",
  version: "Build from the tag, with the files of the commit, or publish the version that it carries",
};

/** Failures first, then what was not checked. */
function rank({ holds }: PreflightCheck): number {
  return holds === false ? 0 : holds === undefined ? 1 : 2;
}

/** What could not be checked, a sentence each. */
export function uncheckedRemarks(checks: readonly PreflightCheck[]): string[] {
  return checks
    .filter(({ holds }) => holds === undefined)
    .map(({ subject, check, found }) => `${subject}: ${check}: ${found}.`);
}
