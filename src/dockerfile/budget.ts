import { InputError } from "../errors.js";

/** Characters of all variables, ports and inherited configurations; images as they are found have a few thousand. */
const characters = 4 * 1024 * 1024;

/** Comparisons of patterns with values. */
export const mostComparisons = 1 << 26;

/** How much the instructions of a Dockerfile may make of their text, all stages together. */
export class Budget {
  #left = characters;
  #comparisonsLeft = mostComparisons;

  /** Whether so many comparisons of a pattern with a value are still allowed; they are taken. */
  compares(count: number): boolean {
    this.#comparisonsLeft -= count;
    return this.#comparisonsLeft >= 0;
  }

  /** Takes what is about to be written; `given` is the text that asks for it. */
  take(count: number, subject: string, given: string): void {
    this.#left -= count;
    if (this.#left >= 0) return;
    throw new InputError({
      subject,
      expected: `variables, ports and inherited configurations of at most ${characters} characters in all stages`,
      given,
      fix: "Use shorter values, or fewer of them",
    });
  }
}
