import { describe, expect, it } from "vitest";
import { readInstructions } from "../../src/dockerfile/instruction.js";
import { InputError } from "../../src/errors.js";

/** Keyword, line, flags and rest of each instruction after FROM. */
function read(text: string): unknown[] {
  const { instructions } = readInstructions(text, "Dockerfile");
  return instructions.slice(1).map(({ keyword, subject, flags, rest }) => [subject, keyword, flags, rest]);
}

describe("readInstructions", () => {
  it.each<[string, string, unknown[]]>([
    ["a plain line", "FROM a\nUSER 1", [["Dockerfile:2", "USER", [], "1"]]],
    ["lower case and blanks", "FROM a\n\n \tuser\t 1 ", [["Dockerfile:3", "USER", [], "1"]]],
    [
      "Windows line ends",
      "FROM a\r\nENV A=\\\r\n b\r\nUSER 1\r\n",
      [
        ["Dockerfile:2", "ENV", [], "A= b"],
        ["Dockerfile:4", "USER", [], "1"],
      ],
    ],
    ["a byte order mark", "\ufeffFROM a\nUSER 1", [["Dockerfile:2", "USER", [], "1"]]],
    [
      "comments and empty lines in a continued line",
      "FROM a\nENV A=1 \\\n # no\n\n  B=2 \\\n#no\n C=3",
      [["Dockerfile:2", "ENV", [], "A=1   B=2  C=3"]],
    ],
    [
      "blanks after the escape character",
      "FROM a\nENV A=1 \\ \t\n B=2",
      [["Dockerfile:2", "ENV", [], "A=1  B=2"]],
    ],
    ["a # that starts no comment", "FROM a\nCMD echo # it", [["Dockerfile:2", "CMD", [], "echo # it"]]],
    ["a line left open at the end", "FROM a\nENV A=1 \\\n", [["Dockerfile:2", "ENV", [], "A=1"]]],
    [
      "flags",
      "FROM a\nCOPY --chown=1:2 --link --chmod='7 5' b --c d",
      [["Dockerfile:2", "COPY", ["--chown=1:2", "--link", "--chmod=7 5"], "b --c d"]],
    ],
    ["the end of flags", "FROM a\nCOPY --link -- --b c", [["Dockerfile:2", "COPY", ["--link"], "--b c"]]],
    [
      "the escape directive",
      "# escape=`\nFROM a\nCOPY b `\n c:\\\nUSER 1",
      [
        ["Dockerfile:3", "COPY", [], "b  c:\\"],
        ["Dockerfile:5", "USER", [], "1"],
      ],
    ],
    [
      "an escape directive that comes too late",
      "# comment\n# escape=`\nFROM a\nENV A=`\nUSER 1",
      [
        ["Dockerfile:4", "ENV", [], "A=`"],
        ["Dockerfile:5", "USER", [], "1"],
      ],
    ],
    [
      "the syntax directive",
      "# syntax=docker/dockerfile:1\nFROM a\nUSER 1",
      [["Dockerfile:3", "USER", [], "1"]],
    ],
  ])("reads %s", (_, text, expected) => {
    expect(read(text)).toEqual(expected);
  });
});

describe("lines", () => {
  const copy = (sources: number, separator: string) =>
    `FROM scratch\nCOPY ${Array.from({ length: sources }, (_, at) => `f${at}`).join(separator)} /x/\n`;

  it.each([
    ["20,000 sources", copy(20_000, " "), "128898 bytes"],
    ["10 MB", `FROM scratch\nLABEL a=${"x".repeat(10_000_000)}`, "10000008 bytes"],
    ["65,536 bytes", `FROM scratch\n# ${"é".repeat(32_767)}`, "65536 bytes"],
    ["a heredoc", `FROM scratch\nCOPY <<a /\n${"x".repeat(65_536)}\na\n`, "65536 bytes"],
  ])("of %s are refused, as by BuildKit", (name, text, given) => {
    const act = () => readInstructions(text, "Dockerfile");
    const line = name === "a heredoc" ? 3 : 2;
    expect(act).toThrow(InputError);
    expect(act).toThrow(
      `Dockerfile:${line}: expected lines of at most 65535 bytes, as BuildKit takes them, got "${given}". Continue it on another line.`,
    );
  });

  it("may be 65,535 bytes long, and a logical one longer", () => {
    const { instructions } = readInstructions(
      `FROM ${"x".repeat(65_530)}\n${copy(20_000, " \\\n").slice(13)}`,
      "Dockerfile",
    );
    expect(instructions.map(({ rest }) => rest.split(" ").filter((word) => word !== "").length)).toEqual([
      1, 20_001,
    ]);
  });
});

describe("heredocs", () => {
  it.each<[string, string, unknown[]]>([
    [
      "one file",
      "COPY <<EOF /a\nb $c\n\n# d\nEOF\nUSER 1",
      [{ name: "EOF", content: "b $c\n\n# d\n", expand: true }],
    ],
    ["an empty file", "COPY <<EOF /a\nEOF\nUSER 1", [{ name: "EOF", content: "", expand: true }]],
    [
      "quoted words",
      "COPY <<'EOF' <<\"b.txt\" /a/\n$1\nEOF\n2\nb.txt\nUSER 1",
      [
        { name: "EOF", content: "$1\n", expand: false },
        { name: "b.txt", content: "2\n", expand: false },
      ],
    ],
    [
      "leading tabs taken off",
      "COPY <<-EOF /a\n\t\tb\n\t c\n\tEOF\nUSER 1",
      [{ name: "EOF", content: "b\n c\n", expand: true }],
    ],
    [
      "a word with blanks around it",
      "COPY <<EOF /a\n EOF\nEOF \nEOF\nUSER 1",
      [{ name: "EOF", content: " EOF\nEOF \n", expand: true }],
    ],
    [
      "a continued line before the body",
      "COPY --chmod=755 <<EOF \\\n  /a\nb\nEOF\nUSER 1",
      [{ name: "EOF", content: "b\n", expand: true }],
    ],
    ["ADD", "ADD <<EOF /a\nb\nEOF\nUSER 1", [{ name: "EOF", content: "b\n", expand: true }]],
    ["no heredoc in a list", 'COPY ["<<EOF", "/a"]\nUSER 1', []],
  ])("reads %s", (_, text, expected) => {
    const { instructions } = readInstructions(`FROM scratch\n${text}`, "Dockerfile");

    expect(instructions[1]?.heredocs).toEqual(expected);
    expect(instructions.at(-1)?.keyword).toBe("USER");
    expect(instructions).toHaveLength(3);
  });

  it.each([
    [
      "a word that never comes",
      "COPY <<EOF /a\nb\n",
      'Dockerfile:2: expected a line with the word of each heredoc alone, to end it, got "COPY <<EOF /a".',
    ],
    [
      "a blank after <<",
      "COPY << EOF /a\nb\nEOF",
      'Dockerfile:2: expected << with a word right after it, as in <<EOF, got "COPY << EOF /a".',
    ],
    ["an escaped word", "COPY <<E\\ F /a\nb\nE F", "Dockerfile:2: expected << with a word right after it"],
  ])("refuses %s", (_, text, message) => {
    const act = () => readInstructions(`FROM scratch\n${text}`, "Dockerfile");
    expect(act).toThrow(InputError);
    expect(act).toThrow(message);
  });
});

// dockerfile-ast 0.7.1 ends these instructions elsewhere than BuildKit does.
describe("where the parser and BuildKit disagree", () => {
  it.each([
    ["an escaped escape character at the end of a line", "ENV A=b\\\\\nUSER 1", "Dockerfile:2"],
    ["an escaped blank before an escaped line end", "COPY a \\ \\ \n\nUSER 1", "Dockerfile:2"],
    [
      "tabs before the word of a heredoc that keeps tabs",
      "COPY <<-A <<B /a/\nA\n\tB\nUSER 1\nB\nUSER 2",
      "Dockerfile:2",
    ],
  ])("refuses %s instead of guessing", (_, text, subject) => {
    const act = () => readInstructions(`FROM scratch\n${text}`, "Dockerfile");
    expect(act).toThrow(InputError);
    expect(act).toThrow(`${subject}: expected `);
  });
});
