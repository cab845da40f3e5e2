import { setTimeout as wait } from "node:timers/promises";
import pRetry from "p-retry";
import { SlipwayError } from "../errors.js";

/** How often and how patiently an operation is repeated; times in milliseconds. */
export interface RetryPolicy {
  /** Attempts altogether, the first one included. */
  attempts: number;
  /** Wait before the second attempt; it doubles before each further one. */
  baseDelay: number;
  /** The longest wait; a registry that asks for more is not waited for. */
  maxDelay: number;
}

/** For requests that write. */
export const pushRetry: RetryPolicy = { attempts: 3, baseDelay: 10_000, maxDelay: 120_000 };

/** For requests that read: a publication makes more of them than of those that write, and each may end it. */
export const readRetry: RetryPolicy = { attempts: 5, baseDelay: 1_000, maxDelay: 120_000 };

export interface RetryHooks {
  /** Called before each wait, with one line of text. */
  onRetry?: (line: string) => void;
  /** Waits the given milliseconds. */
  sleep?: (delay: number) => Promise<unknown>;
}

// The part of the base delay that is waited at least.
const leastPart = 10;

/**
 * Milliseconds to wait before attempt number `attempt` (from 2): what the error says the registry asked for, but a
 * tenth of the base delay at least, else the doubled base delay. Undefined where there must be no further attempt,
 * because the error would only come again or the registry asked for a longer wait than the policy allows.
 */
export function delayBefore(attempt: number, error: unknown, policy: RetryPolicy): number | undefined {
  if (!isTransient(error)) return undefined;
  if (asksTooMuch(error, policy)) return undefined;
  if (error.retryAfter === undefined) return Math.min(policy.baseDelay * 2 ** (attempt - 2), policy.maxDelay);
  // GHCR has asked for 12.5 ms and then refused again: all attempts would be spent at once.
  return Math.max(error.retryAfter, policy.baseDelay / leastPart);
}

/** Errors that a loop has given up on: a loop around it lets them pass, so nested loops do not multiply. */
const givenUp = new WeakSet<Error>();

/**
 * Repeats an operation as long as its error has `transient: true` and the policy allows it. The last error
 * surfaces itself; its message then says how many attempts there were, or which wait was refused.
 */
export async function retrying<T>(
  operation: (attempt: number) => Promise<T>,
  policy: RetryPolicy,
  { onRetry, sleep = wait }: RetryHooks = {},
): Promise<T> {
  let attempts = 0;
  const counted = (attempt: number) => {
    attempts = attempt;
    return operation(attempt);
  };
  try {
    return await pRetry(counted, {
      retries: policy.attempts - 1,
      // The wait is part of the decision: p-retry's own cannot follow Retry-After.
      minTimeout: 0,
      shouldRetry: async ({ error, attemptNumber }) => {
        const next = attemptNumber + 1;
        const delay = givenUp.has(error) ? undefined : delayBefore(next, error, policy);
        if (delay === undefined) return false;
        onRetry?.(
          `${asSentence(error.message)} Attempt ${next} of ${policy.attempts} follows in ${formatDelay(delay)}.`,
        );
        await sleep(delay);
        return true;
      },
    });
  } catch (error) {
    if (error instanceof SlipwayError && !givenUp.has(error)) giveUp(error, attempts, policy);
    throw error;
  }
}

function giveUp(error: SlipwayError, attempts: number, policy: RetryPolicy): void {
  givenUp.add(error);
  const sentences: string[] = [];
  if (attempts > 1) sentences.push(`Gave up after ${attempts} attempts.`);
  if (isTransient(error) && asksTooMuch(error, policy))
    sentences.push(
      `It asks to wait ${formatDelay(error.retryAfter)}, more than the ${formatDelay(policy.maxDelay)} that are waited at most.`,
    );
  if (sentences.length > 0) error.message = [asSentence(error.message), ...sentences].join(" ");
}

function isTransient(error: unknown): error is Error & { transient: true; retryAfter?: number } {
  return error instanceof Error && "transient" in error && error.transient === true;
}

function asksTooMuch<E extends { retryAfter?: number }>(
  error: E,
  policy: RetryPolicy,
): error is E & { retryAfter: number } {
  return error.retryAfter !== undefined && error.retryAfter > policy.maxDelay;
}

function asSentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function formatDelay(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.ceil(milliseconds)} ms`;
  const seconds = Math.ceil(milliseconds / 1000);
  return seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
}
