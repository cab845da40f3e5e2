import { asLine, asMarkdown } from "../text.js";
import { distinctNotes, type Note, type NoteKind } from "./note.js";

/** What the page says beside the notes. */
export interface PageInput {
  /** Paths that are written, the page itself left out. */
  written: readonly string[];
  /** Paths that were there, and are left as they are. */
  kept: readonly string[];
  /** Files that were read. */
  read: readonly string[];
  notes: readonly Note[];
  /** What slipway.json would have been, where there is one. */
  otherSettings?: string | undefined;
  /** What is always so, since it is so for every project. */
  always: readonly string[];
  /** A pipeline that has to be written, since no file of the repository says what it would do; markdown. */
  pipeline?: string | undefined;
  /** Commands to go on with, in their order. */
  next: readonly { command: string; does: string }[];
}

const sections: readonly { kind: NoteKind; title: string; lead: string }[] = [
  {
    kind: "to-do",
    title: "To do",
    lead: "In this order. It does not work, or not alone, before this is done.",
  },
  {
    kind: "left-out",
    title: "Left out",
    lead: "This has no equivalent in the settings, or none that is known from the files alone.",
  },
  { kind: "differs", title: "Different", lead: "This is done, and in another way." },
  { kind: "not-needed", title: "Not needed", lead: "Nothing that is published changes without it." },
];

/** The page that init leaves: what it wrote and from what, and all that is not as it was. */
export function renderPage(input: PageInput): string {
  const { written, kept, read, notes, otherSettings, always, pipeline, next } = input;
  const [toDo, ...others] = sections.map(({ kind, title, lead }) => section(notes, kind, title, lead));
  return [
    "# Slipway",
    "`init` wrote this page and the files below from what is in this repository. Nothing that was there has changed. Delete the page when nothing is left to do.",
    listed("Written", written),
    listed("There already, and left as they are", kept),
    listed("Read", read),
    ...(toDo ?? []),
    ...(pipeline === undefined ? [] : ["## The pipeline of binaries that you build", pipeline]),
    "## Next",
    ["```sh", ...next.flatMap(({ command, does }) => [`# ${does}`, command]), "```"].join("\n"),
    ...others.flat(),
    ...(always.length === 0 ? [] : ["## Always so", always.map((text) => `- ${text}`).join("\n")]),
    ...(otherSettings === undefined
      ? []
      : [
          "## What slipway.json would have been",
          "`slipway.json` is there, and is left as it is. By what was read it would be:",
          ["````json", otherSettings.trimEnd(), "````"].join("\n"),
        ]),
  ]
    .filter((block) => block !== "")
    .join("\n\n")
    .concat("\n");
}

function listed(title: string, paths: readonly string[]): string {
  return paths.length === 0 ? "" : `${title}: ${paths.map(asCode).join(", ")}.`;
}

/** A path as code, which shows everything but what ends it. */
function asCode(path: string): string {
  return `\`${asLine(path).replaceAll("`", "'")}\``;
}

const ownPages = "//github.com/acme/slipway/";

/** A reason as markdown, in which a page of Slipway's own is a link. */
function asReason(why: string): string {
  return asMarkdown(why).replaceAll(`\\${ownPages}`, ownPages);
}

/** The notes of a kind; what has one reason is one row. */
function section(notes: readonly Note[], kind: NoteKind, title: string, lead: string): string[] {
  const own = distinctNotes(notes).filter((note) => note.kind === kind);
  if (own.length === 0) return [];
  const rows = [...Map.groupBy(own, ({ file, why }) => JSON.stringify([file, why])).values()].map((same) => {
    const whats = [...new Set(same.map(({ what }) => asMarkdown(what)))].join("<br>");
    return `| ${asMarkdown(same[0]?.file ?? "")} | ${whats} | ${asReason(same[0]?.why ?? "")} |`;
  });
  return [`## ${title}`, lead, ["| file | what | why |", "|---|---|---|", ...rows].join("\n")];
}
