import { describe, expect, it } from "vitest";
import { type PruneArguments, readPruneRequest } from "../../src/cleanup/request.js";
import { messageThrownBy } from "../support/thrown.js";

const digest = `sha256:${"a".repeat(64)}`;
const given: PruneArguments = { confirm: false, minAgeHours: 24, keep: [], digests: [] };

describe("readPruneRequest", () => {
  it("gives the least age in milliseconds", () => {
    expect(readPruneRequest({ ...given, keep: [digest], confirm: true }, 5)).toEqual({
      now: 5,
      minAge: 86_400_000,
      keep: [digest],
      digests: [],
      confirm: true,
    });
  });

  it.each([[[""]], [[" "]]])(
    "takes %j for no digests: a variable that a pipeline leaves unset",
    (digests) => {
      expect(readPruneRequest({ ...given, digests }, 0).digests).toEqual([]);
    },
  );

  const form = "expected digests of the form sha256:<64 hex digits>";
  it.each<[Partial<PruneArguments>, string]>([
    [{ minAgeHours: -1 }, "--min-age-hours: expected 0 or more, got -1."],
    [{ keep: ["latest"] }, `--keep: ${form}, got "latest".`],
    [
      { digests: [digest, `ghcr.io/acme/app@${digest}`] },
      `--digests: ${form}, got "ghcr.io/acme/app@${digest}".`,
    ],
  ])("refuses %j", async (changes, message) => {
    expect(await messageThrownBy(() => readPruneRequest({ ...given, ...changes }, 0))).toBe(message);
  });
});
