// biome-ignore-all lint/suspicious/noTemplateCurlyInString: shells and Dockerfiles write variables like this.

import { describe, expect, it } from "vitest";
import { InputError } from "../../src/errors.js";
import { fillTemplate, parseTemplate, parseValueTemplate, type Values } from "../../src/tags/template.js";

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

describe("a value", () => {
  const values = { version: "1.2.3", sha: "0a1b2c3", created: "2026-01-10T12:00:00Z" };

  it.each([
    ["v{version}-{sha}", "v1.2.3-0a1b2c3"],
    ['{"a":1}', '{"a":1}'],
    ['{"a":{"version":"{version}"}}', '{"a":{"version":"1.2.3"}}'],
    ['{"sha":{version}}', '{"sha":1.2.3}'],
    ["${BIN} ${version}", "${BIN} ${version}"],
    ["${BIN:-app}/{version}", "${BIN:-app}/1.2.3"],
    ["${BIN:-{version}}", "${BIN:-1.2.3}"],
    ["${{ github.sha }} ${{version}}", "${{ github.sha }} ${{version}}"],
    ["{Version} { version } {} {a1} {constructor", "{Version} { version } {} {a1} {constructor"],
    // The literal text of a placeholder, known or not.
    ["{{version}} {{name}} {version}", "{version} {name} 1.2.3"],
    ["{{{version}}}", "{{version}}"],
    ["{version", "{version"],
    ["", ""],
  ])("%j is %j", (text, filled) => {
    expect(fillTemplate(parseValueTemplate(text, known), values)).toBe(filled);
  });

  it.each(["{name}", '{"a":"{branch}"}', "{constructor}"])("refuses %j, and names what is known", (text) => {
    const parse = () => parseValueTemplate(text, known, "release.labels.a");
    expect(parse).toThrow(InputError);
    expect(parse).toThrow(
      "release.labels.a: expected only the placeholders {version}, {sha}, {created}, got",
    );
  });

  it.each(["{{ .Version }}", "v{{.Version}}", "{{- .Tag }}"])(
    "refuses %j, and says how it is written",
    (text) => {
      const parse = () => parseValueTemplate(text, known, "release.labels.a");
      expect(parse).toThrow(InputError);
      expect(parse).toThrow(
        `release.labels.a: expected placeholders as they are written here, {version}, {sha}, {created}, got "${text}". Write {version} for {{ .Version }}.`,
      );
    },
  );
});
