import { z } from "zod";
import { InputError, messageOf, RegistryError, SlipwayError } from "../errors.js";
import { limitPassedBy, parseJson } from "../json.js";
import { bodyOf } from "../registry/body.js";
import { bounds } from "../registry/bounds.js";
import { type RetryPolicy, retrying } from "../registry/retry.js";
import { parseHttpDate } from "../registry/retry-after.js";
import type { Fetch } from "../registry/transport.js";
import { classifyNetworkError, classifyStatus, type Verdict } from "../registry/verdict.js";
import { excerpt } from "../text.js";

/** What gave a version: the caller itself, one of the sources of `latest` in their order, or the last resort. */
export type MiseSource = "pinned" | "github" | "mise.jdx.dev" | "published-label" | "pin";

/** A version of mise without a leading v, and how it came about. */
export interface MiseVersion {
  version: string;
  source: MiseSource;
  /** When the source published it: the release, the VERSION file, or the image that carries the label. */
  publishedAt?: Date;
  /** Milliseconds since `publishedAt`. */
  age?: number;
  /** One line for each source that did not serve, and for a token that was of no use. */
  notes: string[];
}

/** The version in the label of the published `latest` image. */
export interface PublishedLabel {
  version: string;
  /** When that image was created. */
  created?: Date;
}

export interface MiseQuery {
  /** `latest`, or an exact version, which is then not looked up. */
  wanted: string;
  /** The version to take where no source answers. */
  pin: string;
  fetch: Fetch;
  /** GitHub token; only raises the rate limit, so none is needed. */
  token?: () => Promise<string>;
  /** Default: `https://api.github.com`. */
  githubApi?: URL;
  /** Default: `https://mise.jdx.dev/VERSION`. */
  versionUrl?: URL;
  publishedLabel: () => Promise<PublishedLabel | undefined>;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** For GitHub; each other source is asked once. */
  retry?: RetryPolicy;
  /** Longest duration of one request, its answer included, in milliseconds. */
  timeout?: number;
  /** Waits the given milliseconds. */
  sleep?: (delay: number) => Promise<unknown>;
}

interface Release {
  version: string;
  publishedAt?: Date | undefined;
}

interface Answer {
  status: number;
  headers: { get(name: string): string | null };
  text: string;
}

/** At most three retries; a limit that lasts longer than ten seconds is left to the next source. */
export const githubRetry: RetryPolicy = { attempts: 4, baseDelay: 1_000, maxDelay: 10_000 };

const defaults = {
  githubApi: new URL("https://api.github.com"),
  versionUrl: new URL("https://mise.jdx.dev/VERSION"),
  timeout: 10_000,
};

// The wait that GitHub prescribes after a secondary limit whose answer names none.
const secondaryLimitWait = 60_000;

const tokenRefusals: ReadonlySet<Verdict["failure"]> = new Set(["unauthorized", "denied"]);

const calendarVersion = /20\d{2}\.(?:[1-9]|1[0-2])\.(?:0|[1-9]\d*)/.source;

const plainVersion = versionText(new RegExp(`^${calendarVersion}$`), "2025.12.13");
const taggedVersion = versionText(new RegExp(`^v${calendarVersion}$`), "v2025.12.13");

const githubRelease = z
  .object({
    tag_name: taggedVersion,
    draft: z.literal(false, "is a draft"),
    prerelease: z.literal(false, "is a prerelease"),
    published_at: z.iso.datetime("is not a date"),
  })
  .transform(
    ({ tag_name, published_at }): Release => ({
      version: tag_name.slice(1),
      publishedAt: new Date(published_at),
    }),
  );

/** Why a source did not serve; becomes a note, and is retried where it may pass. */
class SourceError extends SlipwayError {
  override name = "SourceError";
  readonly transient: boolean;
  readonly retryAfter?: number;

  constructor(
    message: string,
    { transient = false, retryAfter }: { transient?: boolean; retryAfter?: number } = {},
  ) {
    super(message);
    this.transient = transient;
    if (retryAfter !== undefined) this.retryAfter = retryAfter;
  }
}

/**
 * Resolves the version of mise to install. `latest` asks GitHub, then mise.jdx.dev, then the label of the
 * published image, and takes the pin where none of them answers; it fails for bad input only.
 */
export async function resolveMise(query: MiseQuery): Promise<MiseVersion> {
  if (query.wanted !== "latest")
    return {
      version: exactVersion("mise version", '"latest" or an exact version', query.wanted),
      source: "pinned",
      notes: [],
    };
  const pin = exactVersion("mise pin", "an exact version", query.pin);
  const notes: string[] = [];
  const sources = [
    ["github", () => askGithub(query, notes)],
    ["mise.jdx.dev", () => askVersionFile(query)],
    ["published-label", () => askLabel(query)],
  ] as const;
  for (const [source, ask] of sources) {
    try {
      return { ...dated(await ask(), query.now()), source, notes };
    } catch (error) {
      notes.push(`${source}: ${messageOf(error)}`);
    }
  }
  return { version: pin, source: "pin", notes };
}

async function askGithub(query: MiseQuery, notes: string[]): Promise<Release> {
  const { githubApi = defaults.githubApi, retry = githubRetry, sleep } = query;
  const url = new URL(`${githubApi.href.replace(/\/$/, "")}/repos/jdx/mise/releases/latest`);
  let token = await readToken(query, notes);
  const attempt = async () => {
    const answer = await get(query, url, githubHeaders(token));
    if (answer.status === 200) return parse(githubRelease, jsonIn(answer));
    const verdict = judge(answer, query.now());
    if (token === undefined || !tokenRefusals.has(verdict.failure))
      throw refusal(answer, verdict, query.now());
    token = undefined;
    notes.push(`github: the token was rejected with ${answer.status} and is not used.`);
    throw new SourceError(`answered ${answer.status}.`, { transient: true, retryAfter: 0 });
  };
  return retrying(attempt, retry, sleep === undefined ? {} : { sleep });
}

async function askVersionFile(query: MiseQuery): Promise<Release> {
  const answer = await get(query, query.versionUrl ?? defaults.versionUrl, {});
  if (answer.status !== 200) throw refusal(answer, judge(answer, query.now()), query.now());
  const modified = parseHttpDate(answer.headers.get("last-modified"));
  return {
    version: parse(plainVersion, answer.text.trim()),
    publishedAt: modified === undefined ? undefined : new Date(modified),
  };
}

async function askLabel({ publishedLabel }: MiseQuery): Promise<Release> {
  const label = await publishedLabel();
  if (label === undefined) throw new SourceError("no published image carries a version.");
  return { version: parse(plainVersion, label.version), publishedAt: label.created };
}

/** A token that no header can carry is not sent: the error that `fetch` throws about it would show it. */
async function readToken({ token }: MiseQuery, notes: string[]): Promise<string | undefined> {
  const value = await token?.().catch(() => undefined);
  if (token === undefined || value?.trim() === "") return undefined;
  if (value !== undefined && /^[\x21-\x7e]+$/.test(value.trim())) return value.trim();
  notes.push(`github: the token ${value === undefined ? "cannot be read" : "is malformed"} and is not used.`);
  return undefined;
}

function githubHeaders(token: string | undefined): Record<string, string> {
  return {
    accept: "application/vnd.github+json",
    "x-github-api-version": "2022-11-28",
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
}

async function get(query: MiseQuery, url: URL, headers: Record<string, string>): Promise<Answer> {
  try {
    const signal = AbortSignal.timeout(query.timeout ?? defaults.timeout);
    const response = await query.fetch(url.href, {
      headers: { "user-agent": "slipway", ...headers },
      signal,
    });
    const body = await bodyOf(response, `GET ${url.pathname}`, bounds.answer);
    return { status: response.status, headers: response.headers, text: body.toString("utf8") };
  } catch (error) {
    if (error instanceof RegistryError) throw new SourceError(error.message, error);
    const { reason, transient } = classifyNetworkError(error);
    throw new SourceError(`${reason}.`, { transient });
  }
}

/** The registries' rules, and GitHub's headers for its primary limit, which comes as 403 or 429. */
function judge({ status, headers, text }: Answer, now: number): Verdict {
  const verdict = classifyStatus(status, headers, text);
  const spent = status === 403 && headers.get("x-ratelimit-remaining") === "0";
  if (verdict.failure !== "rate-limited" && !spent) return verdict;
  const retryAfter = verdict.retryAfter ?? untilReset(headers, now) ?? secondaryLimitWait;
  return { failure: "rate-limited", transient: true, retryAfter };
}

/** Milliseconds until the limit is reset, at least a second: the header counts in whole ones. */
function untilReset(headers: Answer["headers"], now: number): number | undefined {
  const reset = headers.get("x-ratelimit-reset") ?? "";
  const spent = headers.get("x-ratelimit-remaining") === "0";
  return spent && /^\d{1,10}$/.test(reset) ? Math.max(Number(reset) * 1000 - now, 1000) : undefined;
}

function refusal({ status }: Answer, verdict: Verdict, now: number): SourceError {
  const { failure, retryAfter } = verdict;
  if (failure !== "rate-limited" || retryAfter === undefined)
    return new SourceError(`answered ${status}.`, verdict);
  const until = new Date(now + retryAfter).toISOString().replace(/T(\d\d:\d\d).*/, " $1 UTC");
  return new SourceError(`rate limited until ${until} (answered ${status}).`, verdict);
}

/** JSON that breaks off may be whole the next time; a page of another type will not be JSON then either. */
function jsonIn({ headers, text }: Answer): unknown {
  const expected = limitPassedBy(text);
  if (expected !== undefined) throw new SourceError(`answered more than ${expected}.`);
  const json = parseJson(text);
  if (json !== undefined) return json;
  const type = headers.get("content-type") ?? "an unknown type";
  const broken = /\bjson\b/.test(type);
  throw new SourceError(
    broken ? "answered broken JSON." : `answered ${excerpt(type, 100)} instead of JSON.`,
    {
      transient: broken,
    },
  );
}

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => [...path, message].join(": "));
  throw new SourceError(`answered something else than a release: ${problems.join("; ")}.`);
}

function exactVersion(subject: string, expected: string, given: string): string {
  const version = plainVersion.safeParse(given.replace(/^v/, ""));
  if (version.success) return version.data;
  throw new InputError({ subject, expected: `${expected} such as 2025.12.13`, given });
}

function versionText(pattern: RegExp, example: string) {
  return z.string().regex(pattern, {
    error: ({ input }) =>
      `expected a version like ${example}, got ${JSON.stringify(excerpt(String(input), 40))}`,
  });
}

function dated(
  { version, publishedAt }: Release,
  now: number,
): Pick<MiseVersion, "version" | "publishedAt" | "age"> {
  if (publishedAt === undefined) return { version };
  return { version, publishedAt, age: Math.max(now - publishedAt.getTime(), 0) };
}
