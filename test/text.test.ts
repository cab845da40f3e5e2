import { describe, expect, it, vi } from "vitest";
import { ConflictError, InputError, RegistryError, SlipwayError, VerificationError } from "../src/errors.js";
import { log } from "../src/log.js";
import { markdownList, markdownTable, ReportFormat, render, requireSuccess } from "../src/report.js";
import { keepSecret } from "../src/secrets.js";
import { asJson, asLine, asLines, asMarkdown, excerpt } from "../src/text.js";
import { hostileTexts } from "./support/hostile-text.js";
import { commandsIn, unseenIn } from "./support/pipeline-log.js";

/** What is shown of a text from elsewhere, by where it stands; each is one line, or has as many as are given. */
const places: Readonly<Record<string, [(text: string) => string, number]>> = {
  "a line": [asLine, 1],
  "the middle of a line": [(text) => asLine(`x: ${text}.`), 1],
  "a phrase of markdown": [asMarkdown, 1],
  "an item of a list": [(text) => markdownList([text, "y"]), 2],
  "a cell of a table": [(text) => markdownTable(["head"], [[text], [{ strong: text }]]), 4],
  "the head of a table": [(text) => markdownTable([text], []), 2],
  JSON: [(text) => asJson({ text, [text]: [text] }), 6],
  "a report in JSON": [(text) => render({ markdown: "", data: { text }, outputs: {} }, ReportFormat.Json), 4],
  "what was given": [(given) => new InputError({ subject: "x", expected: "y", given }).message, 1],
  "a list that was given": [
    (text) => new InputError({ subject: "x", expected: "y", given: [text] }).message,
    1,
  ],
  "the subject of a problem": [(subject) => new InputError({ subject, expected: "y", given: 1 }).message, 1],
  "what to do": [(fix) => new InputError({ subject: "x", expected: "y", given: 1, fix }).message, 1],
  "an error": [(text) => new SlipwayError(text).message, 1],
  "the answer of a registry": [(text) => new RegistryError(text, { failure: "invalid" }).message, 1],
  "a conflict": [(text) => new ConflictError([text, `b: ${text}`]).message, 2],
  "a line of a report that is thrown": [(text) => new VerificationError([text, "", "y"]).message, 3],
  "a failure of a report": [
    (text) => {
      const report = { markdown: markdownTable(["head"], [[text]]), data: {}, outputs: {} };
      try {
        requireSuccess([text], report);
      } catch (error) {
        return (error as Error).message;
      }
      return "";
    },
    5,
  ],
};

describe.each(Object.entries(places))("in %s", (_, [show, lines]) => {
  it.each(Object.entries(hostileTexts))("%s is a text and nothing else", (_name, text) => {
    const shown = show(text);
    expect(commandsIn(shown)).toEqual([]);
    expect(unseenIn(shown)).toEqual([]);
    expect(shown.split("\n")).toHaveLength(lines);
  });
});

it.each(Object.entries(hostileTexts))("%s is logged without obeying it", (_, text) => {
  const logged = vi.spyOn(console, "error").mockImplementation(() => {});
  log(`mise: ${text}\n${text}`);
  const said = logged.mock.calls.join("\n");
  logged.mockRestore();
  expect(commandsIn(said)).toEqual([]);
  expect(unseenIn(said)).toEqual([]);
});

describe("asLine", () => {
  it.each([
    ["leaves what is ordinary", "ghcr.io/acme/my_app@sha256:0a — “ß” 漢字 🗝 a::b [x] #1 ##", undefined],
    ["shows what is not seen", "a\u001b[31m\u202e\u{e0041}", "a\\u001b[31m\\u202e\\u{e0041}"],
    ["makes a blank of a line end", "a\r\n\n\tb\u2028c", "a b c"],
    ["breaks a command", " ::add-mask::a", " \\::add-mask::a"],
    ["breaks a command in the middle", "a ##[group]b ##vso[c]", "a #\\#[group]b #\\#vso[c]"],
  ])("%s", (_, text, line = text) => {
    expect(asLine(text)).toBe(line);
    expect(asLine(line)).toBe(line);
  });
});

it("asLines keeps the lines", () => {
  expect(asLines("# a\r\n\n::b\n  c")).toBe("# a\n\n\\::b\n  c");
});

// Each was rendered by micromark with GitHub's extensions: no element but that of the block around it.
describe("asMarkdown", () => {
  it.each([
    ["v1.2.3 of my_app, 1.5 MB (50 %): a/b@sha256:0a, it's done!", undefined],
    ["<img src=x>", "\\<img src=x>"],
    ["![a](https://b.test)", "!\\[a](https:\\//b.test)"],
    ["see http://a.test and www.a.test", "see http:\\//a.test and www\\.a.test"],
    ["_www.a.test/x", "\\_www\\.a.test/x"],
    ["me@a.test mailto:b@c.d.test", "me@&#8203;a.test mailto:b@&#8203;c.d.test"],
    ["x/y@v1.2.3, golangci-lint@2.11.3", undefined],
    ["`a` *b* _c_ __d__ ~e~ a_b", "\\`a\\` \\*b\\* \\_c\\_ \\_\\_d\\_\\_ \\~e\\~ a_b"],
    ["a|b\\|c", "a\\|b\\\\\\|c"],
    ["&lt;a&#62; b & c", "\\&lt;a\\&#62; b & c"],
    ["[a]: b", "\\[a]: b"],
    ["# a", "\\# a"],
    ["#1 #a", undefined],
    ["> a", "\\> a"],
    ["- a", "\\- a"],
    ["--binaries", undefined],
    ["---", "\\---"],
    ["+ a", "\\+ a"],
    ["12. a", "12\\. a"],
    ["12) a", "12\\) a"],
    ["1.2.3 a", undefined],
    ["@acme, @a/b (@9) -@c", "@&#8203;acme, @&#8203;a/b (@&#8203;9) -@&#8203;c"],
    ["@_a &#64;b *@c*", "@&#8203;\\_a \\&#64;b \\*@&#8203;c\\*"],
    ["a@b, golang:1.25@sha256:0a, a @ b, @-a, @", undefined],
  ])("writes %j as %j", (text, markdown = text) => {
    expect(asMarkdown(text)).toBe(markdown);
  });
});

it("asMarkdown hides no secret from the search", () => {
  keepSecret("K8_!@x<27");
  expect(render({ markdown: asMarkdown("(K8_!@x<27)"), data: {}, outputs: {} }, ReportFormat.Markdown)).toBe(
    "(REDACTED)\n",
  );
});

it.each(Object.entries(hostileTexts))("asJson means what it was given: %s", (_, text) => {
  expect(JSON.parse(asJson({ [text]: [text] }))).toEqual({ [text]: [text] });
});

describe("excerpt", () => {
  it.each([
    ["a short text", "abc", 3, "abc"],
    ["a long one", "abcd", 3, "abc…"],
  ])("gives %s", (_, text, length, shown) => {
    expect(excerpt(text, length)).toBe(shown);
  });

  it("cuts no secret in half", () => {
    keepSecret("Zr7Kd8xQv27Lm40p");
    expect(excerpt("said: Zr7Kd8xQv27Lm40p", 14)).toBe("said: REDACTED");
    expect(excerpt("said: Zr7Kd8xQv27Lm40p", 10)).toBe("said: REDA…");
  });
});
