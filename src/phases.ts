/** Milliseconds since any fixed moment; they never go back. */
export type Clock = () => number;

/** Milliseconds by phase, in the order in which the phases began. */
export type Durations = Readonly<Record<string, number>>;

/** What was done, and how many milliseconds it took. */
export type Timed<T> = T & { milliseconds: number };

/** How long the parts of an operation take that follow one another. */
export class Phases {
  readonly #durations: Record<string, number> = {};
  readonly #running: string[] = [];
  #since = 0;

  constructor(readonly now: Clock) {}

  get durations(): Durations {
    return this.#durations;
  }

  /** Runs a part of the operation. What runs inside of it as a phase of its own does not count twice. */
  async during<T>(phase: string, operation: () => Promise<T>): Promise<T> {
    this.#count();
    this.#durations[phase] ??= 0;
    this.#running.push(phase);
    try {
      return await operation();
    } finally {
      this.#count();
      this.#running.pop();
    }
  }

  /** Adds the time since the last change to the phase that was running. */
  #count(): void {
    const now = this.now();
    const phase = this.#running.at(-1);
    if (phase !== undefined) this.#durations[phase] = (this.#durations[phase] ?? 0) + now - this.#since;
    this.#since = now;
  }
}

/** Runs an operation, and says beside its result how long it took. */
export async function timed<T extends object>(now: Clock, operation: () => Promise<T>): Promise<Timed<T>> {
  const since = now();
  const result = await operation();
  return { ...result, milliseconds: now() - since };
}
