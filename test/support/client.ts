import { type ClientSettings, RegistryClient } from "../../src/registry/client.js";
import { pushRetry, readRetry } from "../../src/registry/retry.js";
import { createFetch } from "../../src/registry/transport.js";

/** Whatever a delay is, no time passes. */
export const noWait = async () => {};

/** A client with the policies of production that waits for nothing; by default anonymous. */
export function makeClient(settings: Partial<ClientSettings> = {}): RegistryClient {
  return new RegistryClient({
    fetch: createFetch({ routes: {} }),
    credentials: new Map(),
    plainHttp: [],
    push: [],
    pushRetry,
    readRetry,
    sleep: noWait,
    ...settings,
  });
}
