import { makesTag, type TagTemplate } from "./tag-template.js";

/** What is wrong with a list of templates. */
export interface ListProblem {
  /** Which one it is about. */
  at: number;
  expected: string;
}

/** What two templates of a project would fight over. */
export function conflictIn(templates: readonly TagTemplate[]): ListProblem | undefined {
  const makers = templates.filter(({ placeholders }) => placeholders.length > 0);
  const seen = new Set<string>();
  for (const [at, { text, placeholders }] of templates.entries()) {
    if (seen.has(text)) return { at, expected: "each tag once, since one thing sets it" };
    seen.add(text);
    const maker = placeholders.length > 0 ? undefined : makers.find((other) => makesTag(other, text));
    if (maker !== undefined && maker.text !== "{branch}")
      return { at, expected: `a tag that ${maker.text} cannot make` };
  }
  return undefined;
}

/** Whether tags can follow the published versions: the templates have to make tags that name them. */
export function canFollowVersions(templates: readonly TagTemplate[], latest: readonly string[]): boolean {
  const isFollowed =
    latest.includes("highest") || templates.some(({ on, moves }) => on === "version" && moves);
  return (
    !isFollowed ||
    templates.some(({ on, namesVersion, isOfPlatform }) => on === "version" && namesVersion && !isOfPlatform)
  );
}
