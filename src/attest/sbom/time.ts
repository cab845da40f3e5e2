import { formatTime } from "../../oci/time.js";

// The end of the year 9999: a year has four digits.
const latest = 253_402_300_799;

/** The time of an image, whatever it says; one that has no name is the nearest that has. */
export function nearestTime(seconds: number): string {
  return formatTime(Math.min(Math.max(Math.floor(seconds), 0), latest));
}
