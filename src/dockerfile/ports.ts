/** Ports of one protocol, from the first to the last. */
export interface PortRange {
  first: number;
  last: number;
  protocol: string;
}

/** Reads `8080`, `8000-8010` and `53/udp`. Undefined for anything else. */
export function parsePorts(word: string): PortRange | undefined {
  const [, first = "", last = first, protocol = "tcp"] =
    /^(\d+)(?:-(\d+))?(?:\/(tcp|udp|sctp)?)?$/i.exec(word) ?? [];
  const [start, end] = [Number(first), Number(last)];
  if (first === "" || end < start || end > 65535) return undefined;
  return { first: start, last: end, protocol: protocol.toLowerCase() };
}

/** Port by port, as they stand in an image configuration: `53/udp`. */
export function listPorts({ first, last, protocol }: PortRange): string[] {
  return Array.from({ length: countPorts({ first, last }) }, (_, at) => `${first + at}/${protocol}`);
}

/** How many they are. */
export function countPorts({ first, last }: Pick<PortRange, "first" | "last">): number {
  return last - first + 1;
}
