import type { Instruction } from "./instruction.js";

/** A directory that RUN sees while it runs (Dockerfile reference, "RUN --mount=type=bind"). */
export interface Mount {
  /** Path in where it comes from, as it is written. */
  source: string;
  /** A stage or an image; absent for the build context. */
  from?: string;
}

/** What RUN takes files from; caches, secrets and the like are none of the image's input. */
export function mountsOf({ flags }: Instruction): Mount[] {
  return flags.flatMap((flag) => {
    const text = /^--mount=(.*)$/s.exec(flag)?.[1];
    if (text === undefined) return [];
    const options = new Map(
      text.split(",").map((option): [string, string] => {
        const [key = "", value = ""] = option.split(/=(.*)/s);
        return [key.trim().toLowerCase(), value];
      }),
    );
    if ((options.get("type") ?? "bind") !== "bind" && options.get("from") === undefined) return [];
    const source = options.get("source") ?? options.get("src") ?? "/";
    const from = options.get("from");
    return [{ source, ...(from === undefined || from === "" ? {} : { from }) }];
  });
}
