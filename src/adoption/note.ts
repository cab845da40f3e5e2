/** What became of a part of a configuration that another tool reads. */
export type NoteKind =
  /** It has no equivalent: what Slipway does is less, or other. */
  | "left-out"
  /** It is done in another way, which is seen. */
  | "differs"
  /** It has no effect on what is published, or Slipway does it anyway. */
  | "not-needed"
  /** Somebody has to do something before it works. */
  | "to-do";

/** One thing that somebody who moves in has to know. */
export interface Note {
  kind: NoteKind;
  /** The file that it is about. */
  file: string;
  /** What stands there. */
  what: string;
  /** Why, and what to do; a sentence without a full stop. */
  why: string;
}

/** Makes a note of a file that is being read. */
export type Remark = (kind: NoteKind, what: string, why: string) => void;

/** A text of another tool that has no equivalent; the message is the reason, a clause without a full stop. */
export class NoEquivalent extends Error {
  override name = "NoEquivalent";
}

/** That what publishes images in a file has to go; none where nothing does. */
export function publisherOf(file: string, what: string): Note[] {
  if (what === "") return [];
  const why =
    "it publishes these images until now: take it out once rehearse and plan say what you expect, or two tools set the same tags";
  return [{ kind: "to-do", file, what, why }];
}

/** Notes without those that were made before: one reason may hold for many lines. */
export function distinctNotes(notes: readonly Note[]): Note[] {
  return [...new Map(notes.map((note) => [JSON.stringify(note), note])).values()];
}
