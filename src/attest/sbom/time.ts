// The end of the year 9999: a year has four digits.
const latest = 253_402_300_799;

/** A time of RFC 3339, in whole seconds: one that cannot be said so is the nearest that can. */
export function formatTime(seconds: number): string {
  return new Date(Math.min(Math.max(Math.floor(seconds), 0), latest) * 1000)
    .toISOString()
    .replace(".000Z", "Z");
}
