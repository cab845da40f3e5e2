import { afterAll, beforeAll, beforeEach } from "vitest";
import { type ProxiedRegistry, startProxiedRegistry } from "./proxied-registry.js";
import { startCraneRegistry } from "./registry.js";

/**
 * Has distribution and the registry of go-containerregistry, each behind a proxy, for the tests of a file; each test
 * finds their requests forgotten. `assign` is given both before the first test.
 */
export function useRegistryPair(assign: (first: ProxiedRegistry, second: ProxiedRegistry) => void): void {
  const running: ProxiedRegistry[] = [];
  beforeAll(async () => {
    const [first, second] = await Promise.all([
      startProxiedRegistry(),
      startProxiedRegistry(startCraneRegistry),
    ]);
    running.push(first, second);
    assign(first, second);
  });
  afterAll(() => Promise.all(running.map((registry) => registry.stop())));
  beforeEach(() => {
    for (const { proxy } of running) proxy.clear();
  });
}
