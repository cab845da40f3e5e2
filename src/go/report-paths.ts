import { posix } from "node:path";

/**
 * What the paths of a report begin with for the platform, which reads them from the root of the repository: the
 * directory of the source in it, `tool`; empty where that is the root.
 */
export function pathPrefixOf(directory = ""): string {
  return posix.relative("/", posix.resolve("/", directory));
}
