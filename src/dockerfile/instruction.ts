import { DockerfileParser, type Dockerfile as ParsedDockerfile } from "dockerfile-ast";
import { BuilderNeededError, InputError } from "../errors.js";
import { type Heredoc, parseOpening, readHeredocs } from "./heredoc.js";
import { parseList, splitBlank, splitFlags } from "./words.js";

/** One instruction of a Dockerfile: its logical line, taken apart, and the files that follow it. */
export interface Instruction {
  /** For messages: `Dockerfile.release:12`. */
  subject: string;
  /** In upper case. */
  keyword: string;
  /** The words that start with `--`. */
  flags: readonly string[];
  /** What follows the flags, variables not yet replaced. */
  rest: string;
  heredocs: readonly Heredoc[];
  /** The logical line as it is written, without heredocs. */
  text: string;
}

/** The instructions of a Dockerfile in their order, and the escape character that its directive sets. */
export interface InstructionList {
  instructions: Instruction[];
  escapeChar: string;
  /** The frontend that the `syntax` directive names. */
  syntax?: string;
}

// Dockerfiles as they are found stay far below. Stages may start from one another as deep as there are stages.
const bounds = { characters: 1 << 20, instructions: 10_000, stages: 1_000, options: 10_000 };

// What bufio.Scanner takes, by which BuildKit reads lines.
const maxLineBytes = 65_535;

const heredocKeywords = ["COPY", "ADD"];

/**
 * Splits a Dockerfile. The parser finds where instructions start and end, directives and comments; a logical
 * line is put together as BuildKit does it, since the parser's own reading of arguments differs in details.
 * Where the two disagree on where an instruction ends, that is an error and never a guess.
 */
export function readInstructions(text: string, name: string): InstructionList {
  requireShortLines(text, name);
  const dockerfile = parseBounded(text, name);
  const escapeChar = dockerfile.getEscapeCharacter();
  const found = dockerfile.getInstructions();
  const instructions = found.map((line, at) =>
    readInstruction(
      { text: line.getTextContent(), isLast: at === found.length - 1 },
      `${name}:${line.getRange().start.line + 1}`,
      escapeChar,
    ),
  );
  const syntax = dockerfile
    .getDirectives()
    .find((directive) => directive.getName().toLowerCase() === "syntax")
    ?.getValue();
  return { instructions, escapeChar, ...(syntax ? { syntax } : {}) };
}

/** What the parser makes of a Dockerfile that is not too large. */
export function parseBounded(text: string, name: string): ParsedDockerfile {
  requireAtMost(bounds.characters, text.length, "characters", name);
  // Mounts name stages and images, each of which is looked for among all: that grows with the square of them.
  requireAtMost(bounds.options, text.match(/(?<!\S)--/g)?.length ?? 0, "words that begin with --", name);
  const dockerfile = DockerfileParser.parse(text);
  requireAtMost(bounds.instructions, dockerfile.getInstructions().length, "instructions", name);
  requireAtMost(bounds.stages, dockerfile.getFROMs().length, "stages", name);
  return dockerfile;
}

/** Refuses a Dockerfile that has more of something than any has. */
function requireAtMost(limit: number, given: number, what: string, subject: string): void {
  if (given > limit)
    throw new InputError({
      subject,
      expected: `a Dockerfile of at most ${limit} ${what}`,
      given,
      fix: "Split it into several images",
    });
}

function requireShortLines(text: string, name: string): void {
  for (const [at, line] of text.split("\n").entries()) {
    const bytes = Buffer.byteLength(line);
    if (bytes > maxLineBytes)
      throw new InputError({
        subject: `${name}:${at + 1}`,
        expected: `lines of at most ${maxLineBytes} bytes, as BuildKit takes them`,
        given: `${bytes} bytes`,
        fix: "Continue it on another line",
      });
  }
}

/** An instruction that needs a builder: the engine's is the way out. */
export function unsupported({ subject, text }: Instruction, expected: string): BuilderNeededError {
  return new BuilderNeededError({ subject, expected, given: text });
}

/** An instruction that no builder takes, or that would not do what it says. */
export function invalid({ subject, text }: Instruction, expected: string, fix?: string): InputError {
  return new InputError({ subject, expected, given: text, ...(fix === undefined ? {} : { fix }) });
}

function readInstruction(
  source: { text: string; isLast: boolean },
  subject: string,
  escapeChar: string,
): Instruction {
  const lines = source.text.split(/(?<=\n)/);
  const { text, used, open } = joinLines(lines, escapeChar);
  const [, word = "", after = ""] = /^(\S+)\s*(.*)$/s.exec(text.trim()) ?? [];
  const keyword = word.toUpperCase();
  const bare: Instruction = {
    subject,
    keyword,
    ...splitFlags(after, escapeChar),
    heredocs: [],
    text: text.trim() || source.text.trim(),
  };
  // What runs is for the engine to read, bodies included.
  if (keyword === "RUN") return bare;
  const { heredocs, rest } = readBodies(bare, lines.slice(used));
  if (rest.length > 0 || (open && !source.isLast))
    throw unsupported(bare, `at most one ${escapeChar} at the end of a line, and no other right before it`);
  return { ...bare, heredocs };
}

/**
 * One logical line out of a line and those that continue it, without the comments and empty lines in between
 * (BuildKit: parser, Parse and trimContinuationCharacter).
 */
function joinLines(
  lines: readonly string[],
  escapeChar: string,
): { text: string; used: number /** Whether another line was to follow. */; open: boolean } {
  const continued = escapeChar === "`" ? /(^|[^`])`[ \t]*$/ : /(^|[^\\])\\[ \t]*$/;
  let text = "";
  let used = 0;
  let open = true;
  for (const line of lines) {
    used += 1;
    const content = line.replace(/[\r\n]+$/, "");
    if (used > 1 && /^\s*(#|$)/.test(content)) continue;
    open = continued.test(content);
    text += content.replace(continued, "$1");
    if (!open) break;
  }
  return { text, used, open };
}

function readBodies(
  instruction: Instruction,
  lines: readonly string[],
): { heredocs: Heredoc[]; rest: readonly string[] } {
  const none = { heredocs: [], rest: lines };
  if (!heredocKeywords.includes(instruction.keyword) || parseList(instruction.rest) !== undefined)
    return none;
  const openings = splitBlank(instruction.rest).map(parseOpening);
  const read = readHeredocs(
    openings.filter((opening) => typeof opening === "object"),
    lines,
  );
  if (openings.includes("malformed"))
    throw invalid(instruction, "<< with a word right after it, as in <<EOF");
  if (read === "unterminated")
    throw invalid(instruction, "a line with the word of each heredoc alone, to end it");
  return read;
}
