import type { Remark } from "./note.js";

/** The texts that all platforms of an image have alike. What is another for each has no place in the settings. */
export function commonTexts(
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
