const goUnits: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};
const goDuration = /^(?:\d{1,10}(?:\.\d{1,9})?(?:ns|us|µs|ms|s|m|h))+$/;

const time = /\d{2}:\d{2}:\d{2}/.source;
const httpDates = [
  new RegExp(`^[A-Z][a-z]{2}, \\d{2} [A-Z][a-z]{2} \\d{4} ${time} GMT$`),
  new RegExp(`^[A-Z][a-z]+day, \\d{2}-[A-Z][a-z]{2}-\\d{2} ${time} GMT$`),
  new RegExp(`^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \\d]\\d ${time} \\d{4}$`),
];

// The year 2001 began then.
const firstMoment = 978_307_200_000;

/**
 * Reads Retry-After as milliseconds: seconds or a date (RFC 9110 section 10.2.3), a Go duration, which GHCR sends
 * (`12.5ms`), or seconds since 1970. A date that has passed says as little as garbage, and so does any date without
 * `now`.
 */
export function parseRetryAfter(
  value: string | null | undefined,
  now: number | undefined,
): number | undefined {
  const text = value?.trim() ?? "";
  if (/^\d{1,10}$/.test(text)) return waitOf(Number(text) * 1000, now);
  if (goDuration.test(text)) return parseGoDuration(text);
  return until(parseHttpDate(text), now);
}

/** A number of seconds that is a time of this century is no duration: some services send the time to come back at. */
function waitOf(milliseconds: number, now: number | undefined): number | undefined {
  return milliseconds < firstMoment ? milliseconds : until(milliseconds, now);
}

function until(moment: number | undefined, now: number | undefined): number | undefined {
  return moment === undefined || now === undefined || moment < now ? undefined : moment - now;
}

/** Reads an HTTP date, in each of the three forms of RFC 9110 section 5.6.7, as milliseconds since the epoch. */
export function parseHttpDate(value: string | null | undefined): number | undefined {
  const text = value ?? "";
  if (!httpDates.some((form) => form.test(text))) return undefined;
  const time = Date.parse(text.endsWith("GMT") ? text : `${text} GMT`);
  return Number.isNaN(time) ? undefined : time;
}

function parseGoDuration(text: string): number {
  const parts = text.matchAll(/([\d.]+)([a-zµ]+)/g);
  return [...parts].reduce((sum, [, amount, unit = ""]) => sum + Number(amount) * (goUnits[unit] ?? 0), 0);
}
