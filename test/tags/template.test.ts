import { describe, expect, it } from "vitest";
import { InputError } from "../../src/errors.js";
import { fillTemplate, parseTemplate, type Values } from "../../src/tags/template.js";

const known = ["version", "sha", "created"] as const;

describe("a template", () => {
  it.each<[string, Values, string | undefined]>([
    ["{version}", { version: "1.2.3" }, "1.2.3"],
    ["v{version}-{sha}", { version: "1.2.3", sha: "0a1b2c3" }, "v1.2.3-0a1b2c3"],
    ["{version}{version}", { version: "1" }, "11"],
    ["text alone", {}, "text alone"],
    ["", {}, ""],
    ["{version", {}, "{version"],
    ["}{", {}, "}{"],
    ["built {created}", { version: "1.2.3" }, undefined],
    // What a value holds is no template.
    ["{version}", { version: "{sha}", sha: "x" }, "{sha}"],
    ["{version}", { version: "" }, ""],
  ])("%j with %j is %j", (text, values, filled) => {
    expect(fillTemplate(parseTemplate(text, known), values)).toBe(filled);
  });

  it("knows what it holds", () => {
    expect(parseTemplate("{sha} of {version}", known).placeholders).toEqual(["sha", "version"]);
  });

  it.each(["{Version}", "{ version }", "{}", "{branch}", "{constructor}", "{{version}}x{toString}"])(
    "refuses %j, and names what is known",
    (text) => {
      const parse = () => parseTemplate(text, known, "release.labels.a");
      expect(parse).toThrow(InputError);
      expect(parse).toThrow(
        `release.labels.a: expected only the placeholders {version}, {sha}, {created}, got "${text}".`,
      );
    },
  );
});
