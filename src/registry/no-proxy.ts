import { BlockList, isIP } from "node:net";

type Matches = (host: string, port: string) => boolean;

// An address of version 6 stands in brackets where a port follows it.
const withPort = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d+))?$/;

/**
 * Which URLs are asked without the proxy, by a list as `NO_PROXY` has it: `*`, hosts with all that is below them, with a
 * leading dot or without, addresses, networks in CIDR notation, each with a port or for all ports. A network is compared
 * with addresses only: no name is looked up.
 */
export function parseNoProxy(list: string): (url: URL) => boolean {
  const entries = list.split(/[\s,]+/).filter((entry) => entry !== "");
  const matchers = entries.map(matcherOf);
  return ({ hostname, port, protocol }) => {
    const host = hostname.replace(/^\[|\]$/g, "");
    const actual = port || (protocol === "https:" ? "443" : "80");
    return matchers.some((matches) => matches(host, actual));
  };
}

function matcherOf(entry: string): Matches {
  const whole = networkOf(entry);
  if (whole !== undefined) return whole;
  const [, bracketed, plain, port] = withPort.exec(entry) ?? [];
  const name = bracketed ?? plain;
  if (name === undefined) return () => false;
  const matchesHost = networkOf(name) ?? hostMatcher(name.toLowerCase());
  return (host, actual) => (port === undefined || port === actual) && matchesHost(host);
}

function hostMatcher(name: string): (host: string) => boolean {
  if (name === "*") return () => true;
  const domain = name.replace(/^\*?\./, "");
  return (host) => host === domain || (isIP(host) === 0 && host.endsWith(`.${domain}`));
}

/** Undefined where a text is no address and no network. */
function networkOf(text: string): ((host: string) => boolean) | undefined {
  const [address = "", prefix] = text.split("/");
  const longest = isIP(address) === 6 ? 128 : 32;
  const bits = prefix ?? String(longest);
  if (isIP(address) === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > longest) return undefined;
  const network = new BlockList();
  network.addSubnet(address, Number(bits), familyOf(address));
  return (host) => isIP(host) !== 0 && network.check(host, familyOf(host));
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 6 ? "ipv6" : "ipv4";
}
