import { messageOf } from "../../errors.js";
import { parseRepository } from "../../registry/reference.js";
import { NoEquivalent, type Note, type NoteKind } from "../note.js";
import { asTag, asValue, type SymbolicText, textOf } from "../symbolic-text.js";
import { fieldsIn, type ProjectFacts, type Situation } from "./fields.js";
import { translate } from "./template.js";

/** A reference of an image as GoReleaser pushes it. */
export interface Pushed {
  repository: string;
  /** Template of its tag. */
  tag: string;
  /** Whether pre-releases push it as well. */
  onPreRelease: boolean;
}

/** Reads the templates of one configuration, and notes what has no equivalent. */
export class GoreleaserReading {
  readonly notes: Note[] = [];

  constructor(
    readonly file: string,
    private readonly facts: ProjectFacts,
  ) {}

  note(kind: NoteKind, what: string, why: string): void {
    this.notes.push({ kind, file: this.file, what, why });
  }

  /** A template as a label, an annotation or a build argument has it; undefined where it has no equivalent. */
  value(template: string, what: string, target?: Situation["target"]): string | undefined {
    return this.attempt(what, () => {
      const [stable, preRelease] = this.bothOf(template, target);
      const text = asValue(stable());
      if (text !== attempted(preRelease, asValue).text)
        throw new NoEquivalent(
          "it is another one for a pre-release, and Slipway has one text for all versions",
        );
      return text;
    });
  }

  /** A template that has to be known before any release; undefined where it is not. */
  fixed(template: string, what: string, target?: Situation["target"]): string | undefined {
    return this.attempt(what, () => {
      const text = textOf(this.evaluate(template, { isPreRelease: false, ...targetOf(target) }));
      if (text === undefined)
        throw new NoEquivalent("it depends on the version, and the settings are the same for all");
      return text;
    });
  }

  /** The reference that a template names; undefined where it names none, or has no equivalent. */
  reference(template: string, target?: Situation["target"], what = template): Pushed | undefined {
    return this.attempt(what, () => {
      const [stable, preRelease] = this.bothOf(template, target);
      const text = withoutEmptyTag(asTag(stable()));
      const early = attempted(preRelease, asTag);
      const earlyText = withoutEmptyTag(early.text ?? "");
      if (early.why !== undefined) this.note("left-out", `${what}, of pre-releases`, early.why);
      else if (earlyText !== "" && earlyText !== text)
        this.note(
          "left-out",
          `${what}: ${split(earlyText).tag}`,
          "only pre-releases set it, and theirs never move another tag",
        );
      return text === "" ? undefined : { ...split(text), onPreRelease: earlyText === text };
    });
  }

  /** A tag of dockers_v2; the empty text is none. */
  tag(template: string): Omit<Pushed, "repository"> | undefined {
    return this.reference(`any:${template}`, undefined, template);
  }

  /** Whether a release pushes, stable and not; undefined where something decides that is not known. */
  pushes(skip: string | undefined, what: string): { stable: boolean; preRelease: boolean } | undefined {
    if (skip === undefined || skip === "") return { stable: true, preRelease: true };
    if (skip === "auto") return { stable: true, preRelease: false };
    return this.attempt(what, () => {
      const isSkipped = (isPreRelease: boolean) => {
        const text = textOf(this.evaluate(skip, { isPreRelease }));
        if (text === undefined) throw new NoEquivalent("it depends on what only a release knows");
        return text.trim() === "true";
      };
      const pushes = { stable: !isSkipped(false), preRelease: !isSkipped(true) };
      if (!pushes.stable && pushes.preRelease)
        this.note("left-out", what, "only pre-releases push it, and theirs never move a tag");
      if (!pushes.stable && !pushes.preRelease) this.note("not-needed", what, "no release pushes it");
      return pushes;
    });
  }

  private bothOf(
    template: string,
    target: Situation["target"],
  ): [stable: () => SymbolicText, preRelease: () => SymbolicText] {
    const evaluate = (isPreRelease: boolean) => () =>
      this.evaluate(template, { isPreRelease, ...targetOf(target) });
    return [evaluate(false), evaluate(true)];
  }

  private evaluate(template: string, situation: Situation): SymbolicText {
    return translate(template, fieldsIn(this.facts, situation));
  }

  private attempt<T>(what: string, read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof NoEquivalent)) throw error;
      this.note("left-out", what, error.message);
      return undefined;
    }
  }
}

function targetOf(target: Situation["target"]) {
  return target === undefined ? {} : { target };
}

function attempted(
  read: () => SymbolicText,
  show: (text: SymbolicText) => string,
): { text: string; why?: undefined } | { text?: undefined; why: string } {
  try {
    return { text: show(read()) };
  } catch (error) {
    if (error instanceof NoEquivalent) return { why: error.message };
    throw error;
  }
}

/** A reference, unless its template made nothing: a tag that is empty is none. */
function withoutEmptyTag(text: string): string {
  const trimmed = text.trim();
  return trimmed.endsWith(":") ? "" : trimmed;
}

function split(text: string): { repository: string; tag: string } {
  const colon = text.lastIndexOf(":");
  const hasTag = colon > text.lastIndexOf("/");
  const name = hasTag ? text.slice(0, colon) : text;
  if (/[{}]/.test(name)) throw new NoEquivalent("its repository is another one for each version");
  try {
    // Registries take small letters only, so that this is where a capital would have to be as well.
    const { registry, path } = parseRepository(name.toLowerCase());
    return { repository: `${registry}/${path}`, tag: hasTag ? text.slice(colon + 1) : "latest" };
  } catch (error) {
    throw new NoEquivalent(messageOf(error).replace(/\.$/, ""));
  }
}
