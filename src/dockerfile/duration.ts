const nanoseconds: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** Nanoseconds of a duration as Go writes them: `30s`, `1m30s`, `1.5h`. Undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  if (text === "0") return 0;
  const parts = [...text.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/gy)];
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== text) return undefined;
  const total = parts.reduce((sum, [, count = "", unit = ""]) => sum + Math.trunc(partOf(count, unit)), 0);
  return Number.isSafeInteger(total) ? total : undefined;
}

/** Whole and fraction apart: their product with a unit is exact, where that of a number such as 1.1 is not. */
function partOf(count: string, unit: string): number {
  const [whole = "", fraction = ""] = count.split(".");
  const scale = nanoseconds[unit] ?? 0;
  return Number(whole) * scale + (Number(fraction) * scale) / 10 ** fraction.length;
}
