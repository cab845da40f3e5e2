/** Where a registry is asked: over TLS, but for loopback and the hosts that are said to speak plain HTTP. */
export function originOf(registry: string, plainHttp: readonly string[]): URL {
  const scheme = isLoopback(registry) || plainHttp.includes(registry) ? "http" : "https";
  return new URL(`${scheme}://${apiHost(registry)}`);
}

/** Whether a host with an optional port is the machine itself that asks. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\]|[^:]*\.localhost)(:\d+)?$/.test(host);
}

/** Docker Hub serves the protocol under another name than its references carry. */
function apiHost(registry: string): string {
  return registry === "docker.io" ? "registry-1.docker.io" : registry;
}
