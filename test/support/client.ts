import type { PublishableImage } from "../../src/oci/source.js";
import { RegistryClient } from "../../src/registry/client.js";
import type { ClientSettings } from "../../src/registry/connection.js";
import { pushImage } from "../../src/registry/publish.js";
import type { Repository } from "../../src/registry/reference.js";
import { pushRetry, readRetry } from "../../src/registry/retry.js";
import { createFetch } from "../../src/registry/transport.js";

/** Without a proxy, a private authority or routes. */
export const directFetch = createFetch({ routes: {} });

/** Whatever a delay is, no time passes. */
export const noWait = async () => {};

/** Anonymous, with the policies of production, waiting for nothing. */
export const clientSettings: ClientSettings = {
  fetch: directFetch,
  credentials: new Map(),
  plainHttp: [],
  push: [],
  pushRetry,
  readRetry,
  sleep: noWait,
};

export function makeClient(settings: Partial<ClientSettings> = {}): RegistryClient {
  return new RegistryClient({ ...clientSettings, ...settings });
}

/** Brings an image into a repository and points tags at it. */
export async function seed(
  repository: Repository,
  image: PublishableImage,
  ...tags: readonly string[]
): Promise<void> {
  const client = makeClient();
  await pushImage(client, repository, image);
  for (const tag of tags) await client.putManifest(repository, tag, image.index);
}
