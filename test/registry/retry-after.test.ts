import { describe, expect, it } from "vitest";
import { parseHttpDate, parseRetryAfter } from "../../src/registry/retry-after.js";

const now = Date.UTC(2025, 11, 13, 14, 0, 0);
const date = "Sat, 13 Dec 2025 14:00:00 GMT";

describe("parseRetryAfter", () => {
  it.each([
    ["120", 120_000],
    ["0", 0],
    [" 7 ", 7_000],
    [String(now / 1000 + 90), 90_000],
    [String(now / 1000 - 90), undefined],
    ["12.5ms", 12.5],
    ["1.5s", 1_500],
    ["2m", 120_000],
    ["1m30s", 90_000],
    ["1h0m0s", 3_600_000],
    ["500µs", 0.5],
    [date, 0],
    ["Sat, 13 Dec 2025 14:00:30 GMT", 30_000],
    ["Saturday, 13-Dec-25 14:00:30 GMT", 30_000],
    ["Sat Dec 13 14:00:30 2025", 30_000],
    ["Sat, 13 Dec 2025 13:59:59 GMT", undefined],
    ["-5", undefined],
    ["-1.5s", undefined],
    ["1.5", undefined],
    ["1.5parsecs", undefined],
    ["99999999999", undefined],
    ["soon 5", undefined],
    ["Sat, 99 Dec 2025 14:00:00 GMT", undefined],
    ["", undefined],
    [null, undefined],
    [undefined, undefined],
  ])("reads %j as %s ms", (value, expected) => {
    expect(parseRetryAfter(value, now)).toBe(expected);
  });

  it("takes no date where the present is unknown, but a duration", () => {
    expect(parseRetryAfter("Sat, 13 Dec 2025 14:00:30 GMT", undefined)).toBeUndefined();
    expect(parseRetryAfter("30", undefined)).toBe(30_000);
  });
});

describe("parseHttpDate", () => {
  it.each([
    ["Sun, 06 Nov 1994 08:49:37 GMT", Date.UTC(1994, 10, 6, 8, 49, 37)],
    ["Sunday, 06-Nov-94 08:49:37 GMT", Date.UTC(1994, 10, 6, 8, 49, 37)],
    ["Sun Nov  6 08:49:37 1994", Date.UTC(1994, 10, 6, 8, 49, 37)],
    ["1994-11-06T08:49:37Z", undefined],
    ["November 6", undefined],
  ])("reads %j", (value, expected) => {
    expect(parseHttpDate(value)).toBe(expected);
  });
});
