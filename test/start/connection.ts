import { showUploads } from "../../src/progress.js";
import type { ClientSettings } from "../../src/registry/connection.js";
import { originOf } from "../../src/registry/origin.js";
import { createFetch, type Route } from "../../src/registry/transport.js";
import { clientSettings } from "../support/client.js";
import { now } from "./clock.js";

/** A registry that is served at an address of this machine, without TLS. */
export interface Mirror {
  host: string;
  route: Route;
}

/** Reads HOST=ADDRESS: docker.io=127.0.0.1:5000 */
export function parseMirror(text: string): Mirror {
  const [host = "", address = ""] = text.split("=");
  const { hostname, port } = new URL(`http://${address}`);
  return { host, route: { hostname, port: Number(port || 80) } };
}

/** Finds the mirrors under the names of their registries. */
export function connect(mirrors: readonly Mirror[], plainHttp: readonly string[] = []): ClientSettings {
  return {
    ...clientSettings,
    onProgress: showUploads(process.stderr, now),
    fetch: createFetch({
      routes: Object.fromEntries(mirrors.map(({ host, route }) => [originOf(host, [host]).hostname, route])),
    }),
    plainHttp: [...plainHttp, ...mirrors.map(({ host }) => host)],
  };
}
