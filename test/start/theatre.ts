import type { ClientSettings } from "../../src/registry/connection.js";
import { startFaultProxy } from "../support/fault-proxy.js";
import { startMemoryRegistry } from "../support/memory-registry.js";
import { connect, type Mirror, parseMirror } from "./connection.js";

/** Empty registries of this process, under names that nobody has. */
export interface Theatre {
  settings: ClientSettings;
  /** A registry goes away once it has the layers of an image, until it is mended. */
  interrupt(host: string): void;
  mend(): void;
  /** Requests that wrote something since the last look. */
  writes(): number;
  stop(): Promise<void>;
}

/** Opens a registry for each host; `others` are those that are there, of base images. */
export async function openTheatre(
  hosts: readonly string[],
  others: readonly Mirror[] = [],
  plainHttp: readonly string[] = [],
): Promise<Theatre> {
  const stages = await Promise.all(
    hosts.map(async (host) => {
      const registry = await startMemoryRegistry({ referrers: true });
      return { host, registry, proxy: await startFaultProxy(registry.address) };
    }),
  );
  const mirrors = stages.map(({ host, proxy }) => parseMirror(`${host}=${proxy.address}`));
  return {
    settings: connect([...others, ...mirrors], plainHttp),
    interrupt(host) {
      let isGone = false;
      stages
        .find((stage) => stage.host === host)
        ?.proxy.setFault(({ method, path }) => {
          isGone ||= method === "PUT" && path.includes("/manifests/");
          return isGone ? { kind: "reset" } : undefined;
        });
    },
    mend() {
      for (const { proxy } of stages) proxy.clear();
    },
    writes: () => stages.reduce((sum, { registry }) => sum + registry.writes.splice(0).length, 0),
    async stop() {
      await Promise.all(stages.map(({ proxy, registry }) => Promise.all([proxy.stop(), registry.stop()])));
    },
  };
}
