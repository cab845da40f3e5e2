import { describe, expect, it } from "vitest";
import { RegistryError } from "../../src/errors.js";
import { delayBefore, pushRetry, type RetryPolicy, readRetry, retrying } from "../../src/registry/retry.js";

describe("delayBefore", () => {
  const error = (transient: boolean, retryAfter?: number) =>
    new RegistryError("no", {
      failure: "unavailable",
      transient,
      ...(retryAfter === undefined ? {} : { retryAfter }),
    });
  const short: RetryPolicy = { attempts: 9, baseDelay: 1_000, maxDelay: 5_000 };

  it.each<[number, unknown, RetryPolicy, number | undefined]>([
    [2, error(true), pushRetry, 10_000],
    [3, error(true), pushRetry, 20_000],
    [2, error(true), readRetry, 1_000],
    [3, error(true), readRetry, 2_000],
    [4, error(true), short, 4_000],
    [5, error(true), short, 5_000],
    [2, error(true, 12.5), pushRetry, 1_000],
    [2, error(true, 1_001), pushRetry, 1_001],
    [3, error(true, 0), pushRetry, 1_000],
    [2, error(true, 0), readRetry, 100],
    [2, error(true, 120_000), pushRetry, 120_000],
    [2, error(true, 120_001), pushRetry, undefined],
    [2, error(false), pushRetry, undefined],
    [2, error(false, 1_000), pushRetry, undefined],
    [2, new Error("a bug"), pushRetry, undefined],
    [2, { transient: true }, pushRetry, undefined],
  ])("before attempt %i", (attempt, thrown, policy, expected) => {
    expect(delayBefore(attempt, thrown, policy)).toBe(expected);
  });
});

describe("retrying", () => {
  const busy = (retryAfter?: number) =>
    new RegistryError("r.example: busy", {
      failure: "unavailable",
      transient: true,
      ...(retryAfter === undefined ? {} : { retryAfter }),
    });
  const refused = () => new RegistryError("r.example: denied.", { failure: "denied" });

  /** Runs an operation that fails with each error in turn, then succeeds; no time passes. */
  async function run(errors: Error[], policy: RetryPolicy) {
    const waits: number[] = [];
    const lines: string[] = [];
    let calls = 0;
    const operation = async (attempt: number) => {
      calls = attempt;
      const error = errors[attempt - 1];
      if (error !== undefined) throw error;
      return "done";
    };
    const hooks = {
      onRetry: (line: string) => lines.push(line),
      sleep: async (delay: number) => waits.push(delay),
    };
    const outcome = await retrying(operation, policy, hooks).catch((error: unknown) => error);
    return { outcome, calls, waits, lines };
  }

  it.each([
    ["at once", [], []],
    ["after one transient error", [busy()], [10_000]],
    ["after two", [busy(), busy()], [10_000, 20_000]],
    ["after the wait that was asked for", [busy(1_500), busy(3_000)], [1_500, 3_000]],
  ])("succeeds %s", async (_name, errors, waits) => {
    expect(await run(errors, pushRetry)).toMatchObject({ outcome: "done", calls: errors.length + 1, waits });
  });

  it.each<[string, Error[], number, string]>([
    [
      "the last attempt failed",
      [busy(), busy(), busy(), busy()],
      3,
      "r.example: busy. Gave up after 3 attempts.",
    ],
    ["the first error is final", [refused()], 1, "r.example: denied."],
    ["a later error is final", [busy(), refused()], 2, "r.example: denied. Gave up after 2 attempts."],
    [
      "the asked wait is too long",
      [busy(900_000)],
      1,
      "r.example: busy. It asks to wait 15 min, more than the 2 min that are waited at most.",
    ],
    ["the error is a bug", [new TypeError("x is not a function")], 1, "x is not a function"],
  ])("surfaces the last error itself where %s", async (_name, errors, calls, message) => {
    const { outcome, ...seen } = await run(errors, pushRetry);
    expect(outcome).toBe(errors[calls - 1]);
    expect(outcome).toHaveProperty("message", message);
    expect(seen.calls).toBe(calls);
    expect(seen.waits).toHaveLength(calls - 1);
  });

  it("announces each wait with its reason", async () => {
    expect((await run([busy(), busy(3_000)], pushRetry)).lines).toEqual([
      "r.example: busy. Attempt 2 of 3 follows in 10 s.",
      "r.example: busy. Attempt 3 of 3 follows in 3 s.",
    ]);
  });

  it("does not multiply when nested", async () => {
    let calls = 0;
    const sleep = async () => {};
    const inner = () =>
      retrying(
        async () => {
          calls += 1;
          throw busy();
        },
        readRetry,
        { sleep },
      );
    await expect(retrying(inner, pushRetry, { sleep })).rejects.toThrow(
      /^r\.example: busy\. Gave up after 5 attempts\.$/,
    );
    expect(calls).toBe(5);
  });

  it("really waits without an injected sleep", async () => {
    const started = performance.now();
    await retrying(async (attempt) => {
      if (attempt === 1) throw busy(60);
    }, readRetry);
    expect(performance.now() - started).toBeGreaterThan(50);
  });
});
