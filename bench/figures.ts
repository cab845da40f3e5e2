import { megabytes } from "../src/report.js";

/** What one release took. */
export interface CallFigures {
  milliseconds: number;
  /** Of all processors together, in milliseconds. */
  cpu: number;
  /** The most memory that a process of it had, in bytes. */
  peak: number;
}

/** The figures of one program and one kind of release, over all rounds. */
export interface Series {
  /** `Slipway, first`. */
  name: string;
  rounds: readonly CallFigures[];
  requests: number;
  /** Bytes that the registry keeps of it. */
  stored: number;
}

/** Medians, with the range of the times. */
export interface Summary extends CallFigures, Omit<Series, "rounds"> {
  fastest: number;
  slowest: number;
}

export function summarize({ name, rounds, requests, stored }: Series): Summary {
  const times = rounds.map(({ milliseconds }) => milliseconds).toSorted((a, b) => a - b);
  return {
    name,
    milliseconds: median(times),
    fastest: times[0] ?? 0,
    slowest: times.at(-1) ?? 0,
    cpu: median(rounds.map(({ cpu }) => cpu)),
    peak: Math.max(...rounds.map(({ peak }) => peak)),
    requests,
    stored,
  };
}

export const columns = ["release", "median", "range", "CPU", "memory", "requests", "stored"];

export function rowOf({
  name,
  milliseconds,
  fastest,
  slowest,
  cpu,
  peak,
  requests,
  stored,
}: Summary): string[] {
  return [
    name,
    seconds(milliseconds),
    `${seconds(fastest)} to ${seconds(slowest)}`,
    seconds(cpu),
    megabytes(peak),
    String(requests),
    megabytes(stored),
  ];
}

export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2)} s`;
}

/** The middle one, or the higher of two. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
