/** `8080` and `53/udp` as they stand in an image configuration, a range port by port. Undefined for anything else. */
export function parsePorts(word: string): string[] | undefined {
  const [, first = "", last = first, protocol = "tcp"] =
    /^(\d+)(?:-(\d+))?(?:\/(tcp|udp|sctp)?)?$/i.exec(word) ?? [];
  const [start, end] = [Number(first), Number(last)];
  if (first === "" || end < start || end > 65535) return undefined;
  return Array.from({ length: end - start + 1 }, (_, at) => `${start + at}/${protocol.toLowerCase()}`);
}
