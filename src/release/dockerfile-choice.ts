import { InputError } from "../errors.js";

/** The Dockerfile of a release. */
export interface ChosenDockerfile {
  /** Path in the source. */
  path: string;
  text: string;
  /** Where it comes from; `module` is Slipway's own, for a project that has none. */
  from: "settings" | "source" | "module";
}

/** Reads files by path: undefined where there is none. */
export type ReadTexts = (paths: readonly string[]) => Promise<ReadonlyMap<string, Buffer | undefined>>;

/** Where projects have the Dockerfile of a release, the likeliest first; the first one is Slipway's own as well. */
export const commonDockerfiles = [
  "Dockerfile.release",
  "Dockerfile.goreleaser",
  "goreleaser.Dockerfile",
  "Containerfile",
  "Dockerfile",
] as const;

/** The Dockerfile that the settings name, else the likeliest one of the source, else Slipway's own. */
export async function chooseDockerfile(
  named: string | undefined,
  source: ReadTexts,
  module: ReadTexts,
): Promise<ChosenDockerfile> {
  if (named !== undefined) {
    const text = (await source([named])).get(named);
    if (text !== undefined) return { path: named, text: text.toString("utf8"), from: "settings" };
    throw new InputError({
      subject: "slipway.json: release.dockerfile",
      expected: "a file in the source",
      given: named,
      fix: `Without the setting it is ${commonDockerfiles.slice(0, -1).join(", ")} or ${commonDockerfiles.at(-1)}, whichever there is`,
    });
  }
  const found = await source(commonDockerfiles);
  for (const path of commonDockerfiles) {
    const text = found.get(path);
    if (text !== undefined) return { path, text: text.toString("utf8"), from: "source" };
  }
  const [path] = commonDockerfiles;
  const own = (await module([path])).get(path);
  if (own === undefined) throw new Error(`The module has no ${path}.`);
  return { path, text: own.toString("utf8"), from: "module" };
}

/** What is to be known of the choice, as a sentence; nothing where it was asked for, or is the first that is looked for. */
export function choiceRemarks({ path, from }: ChosenDockerfile): string[] {
  if (from === "settings" || path === commonDockerfiles[0]) return [];
  return [`The image is made by ${path}: release.dockerfile in slipway.json names another.`];
}
