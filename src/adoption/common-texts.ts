import type { DraftBuild } from "./draft.js";
import type { Remark } from "./note.js";

type Texts = Pick<DraftBuild, "buildArgs" | "labels" | "annotations">;

/**
 * The texts that all platforms of an image have alike, `flags` being what they are called where they stand. What is
 * another for each has no place in the settings.
 */
export function commonTexts(
  builds: readonly Texts[],
  flags: Readonly<Record<keyof Texts, string>>,
  remark: Remark,
): Texts {
  const of = (field: keyof Texts) =>
    alike(
      builds.map((build) => build[field]),
      flags[field],
      remark,
    );
  return { buildArgs: of("buildArgs"), labels: of("labels"), annotations: of("annotations") };
}

function alike(
  maps: readonly Readonly<Record<string, string>>[],
  flag: string,
  remark: Remark,
): Record<string, string> {
  const keys = [...new Set(maps.flatMap((map) => Object.keys(map)))];
  const common = keys.flatMap((key): [string, string][] => {
    const values = [...new Set(maps.map((map) => map[key]))];
    const [value] = values;
    if (values.length === 1 && value !== undefined) return [[key, value]];
    const shown = values.map((text) => text ?? "nothing").join(" and ");
    remark(
      "left-out",
      `${flag} ${key}`,
      `it is another one for each platform, ${shown}: in the Dockerfile, ARG TARGETARCH and TARGETVARIANT tell them apart`,
    );
    return [];
  });
  return Object.fromEntries(common);
}
