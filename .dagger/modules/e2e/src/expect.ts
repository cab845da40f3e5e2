/** Fails with the name of what was expected to match, and the whole text that did not. */
export function expectMatch(name: string, text: string, pattern: RegExp): void {
  if (!pattern.test(text)) throw new Error(`${name}: expected ${pattern}, got:\n${text}`);
}

export function expectEqual(name: string, found: number | string, expected: number | string): void {
  if (found !== expected) throw new Error(`${name}: expected ${expected}, got ${found}`);
}

/** Fails where `attempt` succeeds, or fails for another reason. Gives the message. */
export async function expectFailure(
  name: string,
  attempt: () => Promise<unknown>,
  pattern: RegExp,
): Promise<string> {
  let result: unknown;
  try {
    result = await attempt();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    expectMatch(name, message, pattern);
    return message;
  }
  throw new Error(`${name}: expected a failure, got:\n${String(result)}`);
}
