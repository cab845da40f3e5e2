import type { RegistryClient } from "../../src/registry/client.js";
import { directFetch, makeClient } from "./client.js";

/** A client beside which something happens right after it put a tag for the first time, however that was answered. */
export function rivalled(tag: string, act: () => Promise<unknown>): RegistryClient {
  let puts = 0;
  return makeClient({
    fetch: async (url, init) => {
      const answer = await directFetch(url, init).catch((error: unknown) => ({ error }));
      if (init?.method === "PUT" && url.endsWith(`/manifests/${tag}`) && ++puts === 1) await act();
      if ("error" in answer) throw answer.error;
      return answer;
    },
  });
}
