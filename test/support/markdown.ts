/** A command of a documentation page, with the output that the page shows for it. */
export interface DocumentedCommand {
  /** The command in one line. */
  command: string;
  /** What follows it in a `console` block; undefined where the page shows nothing. */
  output: string | undefined;
}

/** Every command in the `sh` and `console` blocks of a page, in the order of the page. */
export function documentedCommands(markdown: string): DocumentedCommand[] {
  return blocksOf(markdown).flatMap(({ language, text }) => {
    if (language === "sh") return joinLines(text).map((command) => ({ command, output: undefined }));
    return language === "console" ? sessionOf(text) : [];
  });
}

/** Commands in the text of a page, between backticks, without those that are a form: `dagger call <function>`. */
export function quotedCommands(markdown: string): string[] {
  return [...markdown.matchAll(/(?<!`)`(dagger [^`\n]+)`(?!`)/g)]
    .map(([, command = ""]) => command)
    .filter((command) => !/[…<]/.test(command));
}

/** The files that a page shows, by the language of their block: the text of each. */
export function documentedFiles(markdown: string, language: string): string[] {
  return blocksOf(markdown).flatMap((block) => (block.language === language ? [`${block.text}\n`] : []));
}

/** A link of a page to a file of the repository. */
export interface Link {
  /** Relative to the page; empty for the page itself. */
  path: string;
  /** The heading that it names. */
  anchor: string | undefined;
}

/** The links of a page that lead to files of the repository. */
export function linksOf(markdown: string): Link[] {
  return [...withoutBlocks(markdown).matchAll(/\]\(([^)\s]*)\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^\w+:/.test(target))
    .map((target) => {
      const [path = "", anchor] = target.split("#");
      return { path, anchor };
    });
}

/** What the headings of a page are called in links, as GitHub and GitLab name them. */
export function anchorsOf(markdown: string): string[] {
  const headings = withoutBlocks(markdown).matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, heading = ""]) =>
    heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/** The rows of the tables of a page, below their heads: the cells of each, as they are written. */
export function tableRowsOf(markdown: string): string[][] {
  const lines = withoutBlocks(markdown).split("\n");
  return lines
    .filter(
      (line, at) =>
        line.startsWith("|") && !/^\|[-|]+\|$/.test(line) && !/^\|[-|]+\|$/.test(lines[at + 1] ?? ""),
    )
    .map((line) => line.split(" | ").map((cell) => cell.replace(/^\| | \|$/g, "").trim()));
}

function withoutBlocks(markdown: string): string {
  return markdown.replace(/^( *)```.*?^\1```$/gms, "");
}

interface Block {
  language: string;
  text: string;
}

function blocksOf(markdown: string): Block[] {
  const fences = markdown.matchAll(/^( *)```(\w+)\n(.*?)\n\1```$/gms);
  return [...fences].map(([, indent = "", language = "", text = ""]) => ({
    language,
    text: text.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
  }));
}

/** Commands begin with `$ `; what stands between two of them is the output of the first. */
function sessionOf(text: string): DocumentedCommand[] {
  return text
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const [command = ""] = joinLines(part);
      const output = part.replace(/^(?:.*\\\n)*.*\n?/, "").trimEnd();
      return { command, output: output === "" ? undefined : output };
    });
}

function joinLines(text: string): string[] {
  return text
    .replace(/ *\\\n\s*/g, " ")
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.startsWith("#"));
}
