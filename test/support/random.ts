import { createHash } from "node:crypto";

/** Choices that are the same for the same seed. */
export interface Random {
  /** True with this probability. */
  chance(probability: number): boolean;
  /** A whole number from 0 to below the bound. */
  below(bound: number): number;
  /** One of the items, of which there has to be one. */
  pick<T>(items: readonly T[]): T;
  /** Each of the items with this probability. */
  some<T>(items: readonly T[], probability: number): T[];
}

export function makeRandom(seed: string): Random {
  let drawn = 0;
  const next = () => createHash("sha256").update(`${seed} ${drawn++}`).digest().readUInt32BE(0) / 2 ** 32;
  const below = (bound: number) => Math.floor(next() * bound);
  const chance = (probability: number) => next() < probability;
  return {
    chance,
    below,
    pick: (items) => items[below(items.length)] as (typeof items)[number],
    some: (items, probability) => items.filter(() => chance(probability)),
  };
}
