import { asLine, beginningOf, excerpt } from "./text.js";
import { holdsUrlPassword } from "./url-password.js";

/**
 * Every error that Slipway raises on purpose. Only `message` reaches the caller of a Dagger function, so a
 * message is one line that carries all three parts: what was given, what was expected, what to do next.
 */
export class SlipwayError extends Error {
  override name = "SlipwayError";

  /** A report of several lines is given as a list: no text from elsewhere begins a line by itself. */
  constructor(message: string | readonly string[]) {
    super([message].flat().map(asLine).join("\n"));
  }
}

/** The parts of a message about something the caller gave. */
export interface Problem {
  /** What is wrong, by the name the caller knows it under: `slipway.json: ciImage.platforms[0]`. */
  subject: string;
  expected: string;
  given: unknown;
  /** What to do next, as an imperative sentence without the full stop. */
  fix?: string;
}

/** Bad input: an argument, a setting or a file that is not what it has to be. */
export class InputError extends SlipwayError {
  override name = "InputError";

  constructor(readonly problem: Problem) {
    const fix = problem.fix === undefined ? "" : ` ${problem.fix}.`;
    super(`${problem.subject}: expected ${problem.expected}, got ${show(problem.given)}.${fix}`);
  }
}

/**
 * Input that Slipway does not interpret itself, and that the engine's builder takes: `--builder Auto` goes on there,
 * and its report has the reason.
 */
export class BuilderNeededError extends InputError {
  override name = "BuilderNeededError";

  constructor(problem: Omit<Problem, "fix">) {
    super({ ...problem, fix: "Build that image with --builder Auto or Engine" });
  }
}

/** What a registry's answer means; `unknown` answers are never read as absence. */
export type RegistryFailure =
  /** It does not know who asks: a wrong password, or a login that has ended. */
  | "login"
  | "unauthorized"
  | "denied"
  | "not-found"
  | "rate-limited"
  | "unavailable"
  | "unreachable"
  | "invalid";

/** A registry said no, said nothing, or said something that is not the protocol. */
export class RegistryError extends SlipwayError {
  override name = "RegistryError";
  readonly failure: RegistryFailure;
  /** Whether the same request may be answered differently a moment later. */
  readonly transient: boolean;
  /** HTTP status, absent where no answer came. */
  readonly status?: number;
  /** What the registry asked us to wait, in milliseconds. */
  readonly retryAfter?: number;

  constructor(
    message: string,
    details: { failure: RegistryFailure; transient?: boolean; status?: number; retryAfter?: number },
  ) {
    super(message);
    this.failure = details.failure;
    this.transient = details.transient ?? false;
    if (details.status !== undefined) this.status = details.status;
    if (details.retryAfter !== undefined) this.retryAfter = details.retryAfter;
  }

  /** Whether whoever asks may not, which a repository that was never pushed to may answer as well. */
  get refused(): boolean {
    return this.failure === "unauthorized" || this.failure === "denied";
  }
}

/** A service of Sigstore said no, said nothing, or said something that is not its protocol: nothing was signed. */
export class SigningError extends SlipwayError {
  override name = "SigningError";
  /** Whether the same request may be answered differently a moment later. */
  readonly transient: boolean;
  /** What the service asked us to wait, in milliseconds. */
  readonly retryAfter?: number;

  constructor(message: string, details: { transient?: boolean; retryAfter?: number } = {}) {
    super(message);
    this.transient = details.transient ?? false;
    if (details.retryAfter !== undefined) this.retryAfter = details.retryAfter;
  }
}

/** A published tag holds something else than what is about to be published: nothing was overwritten. */
export class ConflictError extends SlipwayError {
  override name = "ConflictError";
}

/** Something was checked and does not hold; the message is the whole report, failures first. */
export class VerificationError extends SlipwayError {
  override name = "VerificationError";

  constructor(
    message: string | readonly string[],
    /** Whether the same look may find something else a moment later. */
    readonly transient = false,
  ) {
    super(message);
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The last line that is not empty: where a command says why it failed. */
export function lastLine(text: string): string {
  return text.trim().split("\n").at(-1)?.trim() ?? "";
}

const mostMasked = 2000;

function show(given: unknown): string {
  if (given === undefined) return "nothing";
  const text = beginningOf(typeof given === "string" ? `"${given}"` : jsonOf(given));
  // A URL may hold a user name and password. What is far longer than shown is not searched for where they are.
  const masked = text
    .slice(0, mostMasked)
    .replace(/(?<!\w)(?!https?:)[^\s"@/:]+:[^\s"@/]+@(?!sha256:)/gi, "…@")
    .replace(/(https?:|\/\/)[\S\t\r\n]*@/gi, "$1…@");
  if (holdsUrlPassword(masked + text.slice(mostMasked))) return "a text with the password of a URL";
  return excerpt(masked, 200);
}

function jsonOf(given: unknown): string {
  try {
    return JSON.stringify(given) ?? String(given);
  } catch {
    return `an ${typeof given} that JSON cannot show`;
  }
}
