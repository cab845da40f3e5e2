import { PassThrough } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { afterEach, describe, expect, it, vi } from "vitest";
import { markdownTable } from "../../src/report.js";
import { layOut } from "./layout.js";
import { makeScreen, type ScreenOutput } from "./screen.js";

const table = markdownTable(
  ["repository", "took", "tags"],
  [
    ["ghcr.io/acme/app", "0.2 s", "1.2.3 created: v1.2.3 publishes its version; latest left"],
    ["docker.io/acme/app", "0.3 s", "a | b_"],
  ],
);

describe("the layout of what is shown", () => {
  it.each([120, 100, 90, 60])("gives a table columns within %i", (width) => {
    const lines = layOut(table, width).split("\n");
    expect(lines.filter((line) => line.length > width)).toEqual([]);
    expect(new Set(lines.map((line) => line.length)).size).toBe(1);
    expect(lines.join("\n")).toMatch(/\| docker\.io\/acme\/app +\| 0\.3 s \| a \| b_ +\|/);
  });

  it("breaks no number from its unit, and no word", () => {
    const words = layOut(table, 62).split("\n").join(" ").split(/[ |]+/);
    expect(words).toEqual(expect.arrayContaining(["publishes", "version;", "docker.io/acme/app"]));
    expect(layOut(table, 62)).toMatch(/\| 0\.2 s \|/);
  });

  it("makes a list of a table that has no room for its words", () => {
    expect(layOut(table, 40)).toBe(
      [
        "- repository: ghcr.io/acme/app",
        "  took:       0.2 s",
        "  tags:       1.2.3 created: v1.2.3",
        "              publishes its version;",
        "              latest left",
        "- repository: docker.io/acme/app",
        "  took:       0.3 s",
        "  tags:       a | b_",
      ].join("\n"),
    );
  });

  it.each([10, 3])("takes even %i columns", (width) => {
    expect(stripVTControlCharacters(layOut(table, width)).replaceAll(/\s/g, "")).toContain(
      "docker.io/acme/app",
    );
  });

  it("wraps sentences and items, and nothing that is to be copied", () => {
    const text = `${"word ".repeat(6).trim()}\n- ${"item ".repeat(6).trim()}\n  ${"copy ".repeat(6).trim()}`;
    expect(layOut(text, 20)).toBe(
      [
        "word word word word",
        "word word",
        "- item item item",
        "  item item item",
        "  copy copy copy copy copy copy",
      ].join("\n"),
    );
  });
});

/** A stream that may be a terminal; `text` is what was written. */
function makeOutput(isTTY: boolean, columns?: number): { output: ScreenOutput; text: () => string } {
  const stream = new PassThrough();
  const output = Object.assign(stream, { isTTY, ...(columns === undefined ? {} : { columns }) });
  return { output, text: () => String(stream.read() ?? "") };
}

describe("the screen", () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  function show(isTTY: boolean, columns?: number): string {
    for (const name of ["NO_COLOR", "FORCE_COLOR", "NODE_DISABLE_COLORS"]) vi.stubEnv(name, undefined);
    const { output, text } = makeOutput(isTTY, columns);
    const screen = makeScreen(output, makeOutput(false).output);
    screen.title("1. A part");
    screen.say(table);
    return text();
  }

  it("has colours on a terminal, and none elsewhere", () => {
    const shown = show(true);
    expect(shown).not.toBe(stripVTControlCharacters(shown));
    expect(show(false)).toBe(stripVTControlCharacters(shown));
  });

  it("is as wide as the terminal, colours not counted, and 120 where that is not known", () => {
    for (const [columns, width] of [
      [72, 72],
      [undefined, 120],
      [0, 120],
    ] as const) {
      const lines = stripVTControlCharacters(show(true, columns)).split("\n");
      expect(lines).toEqual(expect.arrayContaining(layOut(table, width).split("\n")));
    }
  });

  it("erases what an upload that broke off has left on a terminal", () => {
    const [shown, terminal, plain] = [makeOutput(false), makeOutput(true), makeOutput(false)];
    makeScreen(shown.output, terminal.output).say("It broke off.");
    makeScreen(shown.output, plain.output).say("It broke off.");
    expect([terminal.text(), plain.text()]).toEqual(["\r\u001b[2K", ""]);
  });

  it("cuts digests in what is said, and not in what is to be typed", () => {
    const digest = `sha256:${"ab".repeat(32)}`;
    const { output, text } = makeOutput(false);
    const screen = makeScreen(output, output);
    screen.say(digest);
    screen.command(digest);
    expect(text()).toBe(`sha256:abababab…\n\n$ ${digest}\n\n`);
  });
});
