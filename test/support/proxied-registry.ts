import type { PublishableImage } from "../../src/oci/source.js";
import type { Repository } from "../../src/registry/reference.js";
import { makeClient } from "./client.js";
import { type FaultProxy, type ProxiedRequest, startFaultProxy } from "./fault-proxy.js";
import { type RunningRegistry, startRegistry } from "./registry.js";

/** A registry with a fault proxy before it. */
export interface ProxiedRegistry {
  proxy: FaultProxy;
  /** A repository behind the proxy; without a path one that no test has used. */
  repository(path?: string): Repository;
  /** The same repository without the proxy. */
  direct(repository: Repository): Repository;
  /** What a tag points at, asked without the proxy. */
  tagged(repository: Repository, tag: string): Promise<string | undefined>;
  /** All tags in order, asked without the proxy. */
  tags(repository: Repository): Promise<string[]>;
  stop(): Promise<void>;
}

/** Starts a registry and the proxy before it. */
export async function startProxiedRegistry(
  start: () => Promise<RunningRegistry> = startRegistry,
): Promise<ProxiedRegistry> {
  const registry = await start();
  const proxy = await startFaultProxy(registry.address);
  const client = makeClient();
  let used = 0;
  const direct = ({ path }: Repository) => ({ registry: registry.address, path });
  return {
    proxy,
    repository: (path = `acme/unused-${used++}`) => ({ registry: proxy.address, path }),
    direct,
    tagged: async (repository, tag) => (await client.headManifest(direct(repository), tag))?.digest,
    tags: async (repository) => ((await client.listTags(direct(repository))) ?? []).toSorted(),
    async stop() {
      await proxy.stop();
      await registry.stop();
    },
  };
}

/**
 * Requests by what they are about, for readable expectations: `HEAD blob`, `PUT index`, `POST upload`, `GET latest`.
 * `image` says which digests are what.
 */
export function describeRequests(requests: readonly ProxiedRequest[], image: PublishableImage): string[] {
  const names = new Map([[image.index.descriptor.digest, "index"]]);
  for (const { descriptor, manifest } of image.variants) {
    names.set(descriptor.digest, "platform").set(manifest.config.digest, "config");
    for (const { digest } of manifest.layers) names.set(digest, "layer");
  }
  return requests.map(({ method, path }) => {
    const { pathname, searchParams } = new URL(path, "http://registry");
    const last = pathname.split("/").at(-1) ?? "";
    const about = searchParams.get("digest") ?? searchParams.get("mount") ?? last;
    return `${method} ${names.get(about) ?? (about === "" ? "upload" : about)}`;
  });
}

/** Where in a listing of requests the writes are. */
export function writesIn(requests: readonly string[]): string[] {
  return requests.filter((request) => /^(PUT|POST|PATCH|DELETE) /.test(request));
}
