import { archOf, archSource } from "../../tags/arch.js";
import type { DraftRepository, DraftTag } from "../draft.js";

/** A tag with the platforms that it points at. */
export interface Publication {
  repository: string;
  tag: string;
  platforms: readonly string[];
  onPreRelease: boolean;
}

/** What is published on the same platforms. */
export interface Arrangement {
  platforms: readonly string[];
  repositories: readonly DraftRepository[];
}

interface Family {
  repository: string;
  template: string;
  members: readonly Publication[];
  names: Readonly<Record<string, string>>;
}

const anyArch = new RegExp(`(?<![A-Za-z0-9])${archSource}(?![A-Za-z0-9])`, "g");

/** The names of platforms in tags: one for each, in all images of a project. */
export class ArchNaming {
  private readonly chosen = new Map<string, string>();

  /** Takes names for platforms; false where one of them has another. */
  take(names: Readonly<Record<string, string>>): boolean {
    const entries = Object.entries(names);
    if (entries.some(([platform, name]) => (this.chosen.get(platform) ?? name) !== name)) return false;
    for (const [platform, name] of entries) this.chosen.set(platform, name);
    return true;
  }

  /** Those that are not the usual ones. */
  get names(): Record<string, string> {
    return Object.fromEntries([...this.chosen].filter(([platform, name]) => name !== archOf(platform)));
  }
}

/**
 * Arranges tags by what they point at. Tags that say the same of each platform become one template with {arch}; what
 * points at some platforms only becomes an image of its own.
 */
export function arrangeTags(publications: readonly Publication[], naming: ArchNaming): Arrangement[] {
  const main = mainPlatforms(publications);
  const families =
    main.length > 1 ? familiesOf(publications, main).filter(({ names }) => naming.take(names)) : [];
  const grouped = new Set(families.flatMap(({ members }) => members));
  const arranged = [
    ...families.map(({ repository, template }) => ({ repository, tag: template, platforms: main })),
    ...publications.filter((publication) => !grouped.has(publication)),
  ];
  const order = (platforms: readonly string[]) => [...platforms].sort().join();
  const sets = Map.groupBy(arranged, ({ platforms }) => order(platforms));
  return [...sets.entries()]
    .sort(([a], [b]) => Number(b === order(main)) - Number(a === order(main)))
    .map(([, members]) => ({ platforms: members[0]?.platforms ?? [], repositories: byRepository(members) }));
}

/** The largest list of platforms; without any list, all that is published. */
function mainPlatforms(publications: readonly Publication[]): readonly string[] {
  const largest = publications.reduce<readonly string[]>(
    (found, { platforms }) => (platforms.length > found.length ? platforms : found),
    [],
  );
  if (largest.length > 1) return largest;
  return [...new Set(publications.flatMap(({ platforms }) => platforms))];
}

/** Templates with {arch} that have a tag for every platform, and for no other. */
function familiesOf(publications: readonly Publication[], platforms: readonly string[]): Family[] {
  const candidates = publications
    .filter(({ platforms: own }) => own.length === 1 && platforms.includes(own[0] ?? ""))
    .flatMap((publication) => shapesOf(publication).map((shape) => ({ publication, ...shape })));
  const shapes = Map.groupBy(
    candidates,
    ({ publication, template }) => `${publication.repository}:${template}`,
  );
  const taken = new Set<Publication>();
  return [...shapes.values()].flatMap((members): Family[] => {
    const own = new Map(members.map((member) => [member.publication.platforms[0] ?? "", member]));
    const [first] = members;
    const isWhole = own.size === platforms.length && members.length === platforms.length;
    if (first === undefined || !isWhole || members.some(({ publication }) => taken.has(publication)))
      return [];
    const names = Object.fromEntries([...own].map(([platform, { arch }]) => [platform, arch]));
    if (new Set(Object.values(names)).size < platforms.length) return [];
    for (const { publication } of members) taken.add(publication);
    const { template } = first;
    const { repository } = first.publication;
    return [{ repository, template, members: members.map(({ publication }) => publication), names }];
  });
}

function shapesOf({ tag }: Publication): { template: string; arch: string }[] {
  return [...tag.matchAll(anyArch)].map(({ 0: arch, index }) => ({
    template: `${tag.slice(0, index)}{arch}${tag.slice(index + arch.length)}`,
    arch,
  }));
}

function byRepository(members: readonly Pick<Publication, "repository" | "tag">[]): DraftRepository[] {
  return [...Map.groupBy(members, ({ repository }) => repository)].map(([repository, own]) => ({
    repository,
    tags: own.map(({ tag }) => ofVersion(tag)),
  }));
}

/** A template whose tags a version sets, whatever its placeholders say. */
export function ofVersion(text: string): DraftTag {
  const isOfCommit =
    /\{(sha|revision|date)\}/.test(text) && !/\{(version|tag|major|minor|patch)\}/.test(text);
  return { text, ...(isOfCommit ? { on: "version" as const } : {}) };
}
