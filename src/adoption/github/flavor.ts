import { asTag } from "../symbolic-text.js";
import { type Scope, translateText } from "./expression.js";
import { attributesOf, linesOf } from "./input-lines.js";

/** What holds for all tags of docker/metadata-action. */
export interface Flavor {
  latest: string;
  prefix: string;
  suffix: string;
  /** What latest has around it. */
  ofLatest: { prefix: string; suffix: string };
}

/** Reads the input flavor. */
export function readFlavor(text: string, scope: Scope): Flavor {
  const flavor = { latest: "auto", prefix: "", suffix: "", ofLatest: { prefix: "", suffix: "" } };
  for (const line of linesOf(text)) {
    const { latest, onlatest, ...attributes } = attributesOf(line);
    if (latest !== undefined) flavor.latest = latest;
    for (const end of ["prefix", "suffix"] as const) {
      const value = attributes[end];
      if (value === undefined) continue;
      flavor[end] = asTag(translateText(value, scope));
      if (onlatest === "true") flavor.ofLatest[end] = flavor[end];
    }
  }
  return flavor;
}
