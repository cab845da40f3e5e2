import { uncheckedRemarks } from "../binaries/preflight-report.js";
import { parseReference } from "../registry/reference.js";
import { choiceRemarks } from "./dockerfile-choice.js";
import type { StagedRelease } from "./stage.js";

/** What the builder of a release found out. */
export interface Findings {
  /** Why it was this builder; absent where nobody asks. */
  reason?: string;
  /** What its stages are to be known for, a sentence each. */
  stages: readonly string[];
  /** The images that it starts from or copies from. */
  bases: readonly string[];
}

/** What is to be known of a release that was built, a sentence each, whoever built it. */
export function remarksOf(
  { chosen, checks, targets }: StagedRelease,
  { reason, stages, bases }: Findings,
): string[] {
  const remarks = [
    ...choiceRemarks(chosen),
    ...(reason === undefined ? [] : [reason]),
    ...uncheckedRemarks(checks),
    ...stages,
    ...targets.flatMap(({ context }) => context.remarks),
    ...baseRemarks(bases),
  ];
  // Platforms mostly say the same.
  return [...new Set(remarks)];
}

/** The image is a function of its input, and a base under a tag is none that stays. */
function baseRemarks(references: readonly string[]): string[] {
  const loose = [...new Set(references)].filter(
    (reference) => parseReference(reference, "base image").digest === undefined,
  );
  if (loose.length === 0) return [];
  const [names, verb, pronoun] =
    loose.length === 1
      ? [`The base ${loose[0]}`, "has", "it"]
      : [`The bases ${loose.join(", ")}`, "have", "one"];
  return [
    `${names} ${verb} no digest: once ${pronoun} moves, the same input gives another image, which a version that is published refuses. Pin ${loose.length === 1 ? "it" : "them"} in the Dockerfile, as in FROM name:tag@sha256:….`,
  ];
}
