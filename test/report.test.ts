import { describe, expect, it } from "vitest";
import { VerificationError } from "../src/errors.js";
import {
  markdownTable,
  megabytes,
  percent,
  ReportFormat,
  render,
  requireSuccess,
  seconds,
} from "../src/report.js";

describe("markdownTable", () => {
  it.each([
    ["plain text", "a b", "a b"],
    ["a bar", "a|b", "a\\|b"],
    ["a backslash before a bar", "a\\|b", "a\\\\\\|b"],
    ["several lines", " a\n\tb\r\n", "a b"],
  ])("keeps %s in its cell", (_, text, cell) => {
    expect(markdownTable(["head"], [[text]])).toBe(`| head |\n|---|\n| ${cell} |`);
  });

  it("is the header alone where there are no rows", () => {
    expect(markdownTable(["a", "b"], [])).toBe("| a | b |\n|---|---|");
  });
});

describe("requireSuccess", () => {
  const report = { markdown: "table", data: {}, outputs: {} };

  it("gives the report where nothing failed", () => {
    expect(requireSuccess([], report)).toBe(report);
  });

  it("throws what failed, and the report below it", () => {
    expect(() => requireSuccess(["a", "b"], report)).toThrow(new VerificationError(["a", "b", "", "table"]));
  });
});

describe("megabytes", () => {
  it.each([
    [0, "0.0 MB"],
    [49_999, "0.0 MB"],
    [150_884_912, "150.9 MB"],
    [807_000_000, "807.0 MB"],
  ])("%i bytes are %s", (bytes, text) => {
    expect(megabytes(bytes)).toBe(text);
  });
});

describe("seconds", () => {
  it.each([
    [0, "0.0 s"],
    [1_249, "1.2 s"],
    [75_000, "75.0 s"],
  ])("%i milliseconds are %s", (milliseconds, text) => {
    expect(seconds(milliseconds)).toBe(text);
  });
});

describe("percent", () => {
  it.each([
    [0, "0 %"],
    [0.7, "70 %"],
    [1 - 0.9, "10 %"],
    [0.3739, "37.3 %"],
    [0.39999, "39.9 %"],
    [1, "100 %"],
  ])("%d is %s", (fraction, text) => {
    expect(percent(fraction)).toBe(text);
  });
});

describe("render", () => {
  const report = { markdown: "# Title", data: { a: [1] }, outputs: { A: 1 } };

  it.each([
    [ReportFormat.Markdown, "# Title\n"],
    [ReportFormat.Json, '{\n  "a": [\n    1\n  ]\n}\n'],
    [ReportFormat.Dotenv, "A=1\n"],
  ])("%s", (format, text) => {
    expect(render(report, format)).toBe(text);
  });
});
