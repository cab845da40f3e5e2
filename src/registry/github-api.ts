import { parseHttpDate } from "./retry-after.js";
import type { ApiAnswer } from "./service-api.js";
import { classifyStatus, type Verdict } from "./verdict.js";

// The wait that GitHub's best practices for the REST API prescribe after a secondary limit whose answer names none.
const secondaryLimitWait = 60_000;

/** By status and text, and by the headers of GitHub's primary limit, which comes as 403 or 429. */
export function judgeGitHub({ status, headers, text }: ApiAnswer): Verdict {
  const verdict = classifyStatus(status, headers, text);
  const spent = [403, 429].includes(status) && headers.get("x-ratelimit-remaining") === "0";
  if (verdict.failure !== "rate-limited" && !spent) return verdict;
  const retryAfter = verdict.retryAfter ?? (spent ? untilReset(headers) : undefined) ?? secondaryLimitWait;
  return { failure: "rate-limited", transient: true, retryAfter };
}

/** Milliseconds until the limit is reset, counted from the answer's own Date; at least a second. */
function untilReset(headers: ApiAnswer["headers"]): number | undefined {
  const reset = headers.get("x-ratelimit-reset") ?? "";
  const date = parseHttpDate(headers.get("date"));
  if (!/^\d{1,10}$/.test(reset) || date === undefined) return undefined;
  return Math.max(Number(reset) * 1000 - date, 1_000);
}

/** What GitHub's REST API is asked with, and how its refusals are read. */
export const gitHubApi = {
  headers: {
    accept: "application/vnd.github+json",
    "x-github-api-version": "2022-11-28",
  },
  judge: judgeGitHub,
};
