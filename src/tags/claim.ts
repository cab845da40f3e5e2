import { imagesIn, latestOf, type TagRules, templatesIn } from "./rules.js";
import { makesTag, type TagTemplate } from "./tag-template.js";
import { writeBranch } from "./values.js";

/** Names that mean something whatever the settings say, each with what. */
const taken: readonly [RegExp, string][] = [
  [/^v*[0-9]+\.[0-9]/, "it reads as a version"],
  [/^sha256-[0-9a-f]{64}/, "it is where registries keep what is attached to an image"],
  [/-kept-[0-9a-f]{12}$/, "it keeps an image that a tag has left"],
];

/** Why a name that somebody chose freely may be no tag, as a clause; undefined where it may. */
export function claimOn(
  name: string,
  rules: Pick<TagRules, "tags" | "mainBranch" | "suffix" | "siblings">,
): string | undefined {
  if (imagesIn(rules).some((image) => latestOf(image) === name))
    return "it follows what release.repositories says";
  const meaning = taken.find(([pattern]) => pattern.test(name))?.[1];
  if (meaning !== undefined) return meaning;
  const maker = templatesIn(rules).find((template) => isMakerOf(template, name, rules.mainBranch));
  return maker === undefined ? undefined : `the template ${maker.text} makes it`;
}

/** A branch alone may be called anything: then only the main branch is known. */
function isMakerOf(template: TagTemplate, name: string, mainBranch: string): boolean {
  return template.text === "{branch}" ? name === writeBranch(mainBranch) : makesTag(template, name);
}
