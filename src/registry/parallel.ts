/** Requests under way at once for one registry: enough to hide latency, few enough for any rate limit. */
const width = 6;

/**
 * Runs `operation` over all items, some at a time, and keeps their order. The first error is thrown once what
 * is under way has ended: nothing goes on in the background.
 */
export async function eachOf<T, R>(items: readonly T[], operation: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const errors: unknown[] = [];
  const queue = items.entries();
  const worker = async () => {
    for (const [at, item] of queue) {
      if (errors.length > 0) return;
      try {
        results[at] = await operation(item);
      } catch (error) {
        errors.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
  if (errors.length > 0) throw errors[0];
  return results;
}
