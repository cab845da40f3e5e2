import type { Server as HttpServer } from "node:http";
import type { Server as HttpsServer } from "node:https";

/** A server on the loopback interface. */
export interface LoopbackServer {
  /** `127.0.0.1:<port>`. After `stop` it refuses connections. */
  address: string;
  /** Closes the server and its connections. A second call does nothing. */
  stop(): Promise<void>;
}

/** Listens on a free port of 127.0.0.1. */
export async function listenOnLoopback(server: HttpServer | HttpsServer): Promise<LoopbackServer> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("The server has no port.");
  return {
    address: `127.0.0.1:${bound.port}`,
    async stop() {
      if (!server.listening) return;
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
