import { posix } from "node:path";
import { expandText, expandWord, type Scope } from "./expansion.js";
import { requireFileNames } from "./file-name.js";
import { readFlags } from "./flags.js";
import { parseOpening } from "./heredoc.js";
import { type Instruction, invalid, unsupported } from "./instruction.js";
import { parseList, splitBlank } from "./words.js";

/** A file that a Dockerfile carries itself, variables replaced. */
export interface InlineFile {
  name: string;
  content: string;
}

/** What COPY says, and ADD where it says the same: files of the context into the image. */
export interface CopyFiles {
  kind: "copy";
  /** Paths in the context, absolute from its root; patterns as Go's filepath.Match has them. */
  sources: string[];
  files: InlineFile[];
  /** Absolute; a `/` at the end makes it a directory. */
  destination: string;
  /** Permissions of everything that is copied, as --chmod gives them. */
  mode?: number;
  /** User and group of everything that is copied, as --chown gives them. */
  owner?: string;
  /** --from: a stage or an image, as it is written; absent for the build context. */
  from?: string;
  /** --link: the layer does not depend on the base. */
  link: boolean;
  /** ADD, which unpacks archives. */
  unpacks: boolean;
}

const flagsOf: Readonly<Record<string, { known: readonly string[]; engine: readonly string[] }>> = {
  COPY: { known: ["chmod", "chown", "from", "link"], engine: ["parents", "exclude"] },
  ADD: { known: ["chmod", "chown", "link"], engine: ["checksum", "keep-git-dir", "unpack", "exclude"] },
};

/** Reads COPY or ADD; relative destinations start at `workingDirectory`. */
export function parseCopy(instruction: Instruction, scope: Scope, workingDirectory: string): CopyFiles {
  const { known, engine } = flagsOf[instruction.keyword] ?? { known: [], engine: [] };
  const flags = readFlags(instruction, known, engine);
  const list = parseList(instruction.rest);
  const words = list ?? splitBlank(instruction.rest);
  if (words === "not strings" || words.length < 2)
    throw invalid(instruction, "at least one source and a destination");
  const destination = words.at(-1) ?? "";
  const sources = words.slice(0, -1);
  const paths = list === undefined ? sources.filter((word) => parseOpening(word) === undefined) : sources;
  if (list === undefined && parseOpening(destination) !== undefined)
    throw invalid(instruction, "a path as the destination, not a heredoc");
  const mode = parseMode(instruction, expandWord(flags.get("chmod") ?? "", scope));
  const owner = expandWord(flags.get("chown") ?? "", scope);
  const from = flags.get("from");
  const copy: CopyFiles = {
    kind: "copy",
    sources: paths.map((path) => sourcePath(instruction, expandWord(path, scope))),
    files: instruction.heredocs.map(({ name, content, expand }) => ({
      name,
      content: expand ? expandText(content, scope) : content,
    })),
    destination: destinationPath(expandWord(destination, scope), workingDirectory),
    ...(mode === undefined ? {} : { mode }),
    ...(owner === "" ? {} : { owner }),
    ...(from === undefined ? {} : { from }),
    link: flags.get("link") === "true",
    unpacks: instruction.keyword === "ADD",
  };
  for (const path of [...copy.sources, ...copy.files.map(({ name }) => name), copy.destination])
    requireFileNames(path, instruction);
  if (copy.sources.length + copy.files.length > 1 && !/\/\.?$/.test(copy.destination))
    throw invalid(instruction, "a destination that ends with / where there are several sources");
  return copy;
}

function parseMode(instruction: Instruction, text: string): number | undefined {
  if (text === "") return undefined;
  if (!/^[0-7]{1,5}$/.test(text) || Number.parseInt(text, 8) > 0o7777)
    throw unsupported(instruction, "--chmod as an octal number of at most 7777, as in --chmod=0755");
  return Number.parseInt(text, 8);
}

/** No source leaves the context: `..` ends at its root, as in BuildKit. */
function sourcePath(instruction: Instruction, path: string): string {
  if (/^[a-z][a-z0-9+.-]*:\/\/|^git@/i.test(path))
    throw unsupported(instruction, "sources in the build context, not at a URL");
  return posix.join("/", path);
}

function destinationPath(path: string, workingDirectory: string): string {
  const absolute = posix.resolve(workingDirectory, path);
  const isDirectory = path === "" || /(^|\/)\.?$/.test(path);
  return isDirectory && absolute !== "/" ? `${absolute}/` : absolute;
}
