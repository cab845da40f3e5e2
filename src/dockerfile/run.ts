import type { Instruction } from "./instruction.js";

/** A directory that RUN sees while it runs (Dockerfile reference, "RUN --mount"), its options as they are written. */
export interface Mount {
  type: string;
  /** Path in where it comes from. */
  source: string;
  /** A stage or an image; absent for the build context. */
  from?: string;
}

// Of CSV, which the options are in (BuildKit: csvvalue.Fields).
const field = /(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g;

// What is mounted of none of them is part of the build context.
const withoutSource: readonly string[] = ["cache", "secret", "ssh", "tmpfs"];

/** All mounts of RUN, of whatever type. */
export function mountsOf({ flags }: Instruction): Mount[] {
  return flags.flatMap((flag) => {
    const text = /^--mount=(.*)$/s.exec(flag)?.[1];
    if (text === undefined) return [];
    const options = new Map(
      [...text.matchAll(field)].map(([, quoted, plain = ""]): [string, string] => {
        const [key = "", value = ""] = (quoted?.replaceAll('""', '"') ?? plain).split(/=(.*)/s);
        return [key.trim().toLowerCase(), value];
      }),
    );
    const from = options.get("from");
    return [
      {
        type: options.get("type") ?? "bind",
        source: options.get("source") ?? options.get("src") ?? "/",
        ...(from === undefined || from === "" ? {} : { from }),
      },
    ];
  });
}

/** Whether a mount shows files that are the image's input: caches, secrets and the like are none. */
export function isInput({ type, from }: Mount): boolean {
  return from !== undefined || !withoutSource.includes(type.toLowerCase());
}
