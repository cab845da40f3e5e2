import { noteFlag } from "../build-flags.js";
import type { DraftBuild } from "../draft.js";
import { entryOf } from "../table.js";
import type { Situation } from "./fields.js";
import type { GoreleaserReading } from "./reading.js";

/** What flags of docker build say of an image. */
export interface Flags extends Pick<DraftBuild, "target" | "buildArgs" | "labels" | "annotations"> {
  platform?: string;
}

type Taken = "label" | "build-arg" | "annotation" | "platform" | "target";

const taken: readonly string[] = ["label", "build-arg", "annotation", "platform", "target"] satisfies Taken[];

/** Reads the flags of one image of `dockers`, of which each is a template. */
export function readFlags(
  flags: readonly string[],
  reading: GoreleaserReading,
  target?: Situation["target"],
): Flags {
  const read: Flags & { labels: Record<string, string> } = { labels: {}, buildArgs: {}, annotations: {} };
  const into = { label: read.labels, "build-arg": read.buildArgs, annotation: read.annotations } as Record<
    string,
    Record<string, string>
  >;
  for (const { name, value, text } of pairs(flags)) {
    const map = entryOf(into, name);
    if (map !== undefined) {
      const [key = "", ...rest] = (value ?? "").split("=");
      const known = reading.fixed(key, text, target);
      if (rest.length === 0 && name === "build-arg")
        reading.note(
          "left-out",
          text,
          "its value is that of a variable where GoReleaser runs: write it into release.buildArgs",
        );
      else if (known !== undefined) {
        const given = reading.value(rest.join("="), text, target);
        if (given !== undefined) map[known] = given;
      }
    } else if (name === "platform" || name === "target") {
      const given = reading.fixed(value ?? "", text, target);
      if (given !== undefined) read[name] = given;
    } else noteFlag(name, value, text, (kind, what, why) => reading.note(kind, what, why));
  }
  return read;
}

/** A flag with its value, which may be an argument of its own. */
function pairs(flags: readonly string[]): { name: string; value?: string; text: string }[] {
  const found: { name: string; value?: string; text: string }[] = [];
  for (let at = 0; at < flags.length; at += 1) {
    const text = flags[at] ?? "";
    const [, name = text, , value] = /^--?([\w-]+)(=|\s+)?(.*)$/s.exec(text.trim()) ?? [];
    const next = flags[at + 1];
    if (value === "" && taken.includes(name) && next !== undefined && !next.startsWith("-")) {
      found.push({ name, value: next, text: `${text} ${next}` });
      at += 1;
    } else found.push({ name, ...(value === undefined || value === "" ? {} : { value }), text });
  }
  return found;
}
