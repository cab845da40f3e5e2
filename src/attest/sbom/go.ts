import { directoryVersion, type GoModule, readGoBuildInfo } from "../../binaries/build-info.js";
import type { ProgramBytes } from "../../binaries/program-bytes.js";
import { formatPurl, isShown, type Package } from "./package.js";

/** The modules that a program of Go is linked from, the standard library among them; none where it is no such program. */
export function packagesOfGo(program: ProgramBytes, foundIn: string): Package[] {
  const info = readGoBuildInfo(program);
  if (info === undefined) return [];
  const { goVersion, module, dependencies } = info;
  // `go1.26.8 X:nodwarf5` has experiments behind it.
  const [, version] = /^go(\S+)/.exec(goVersion) ?? [];
  const stdlib = version === undefined ? [] : [{ path: "stdlib", version }];
  return [...(module === undefined ? [] : [module]), ...dependencies, ...stdlib]
    .filter(({ path, version }) => isShown(path) && isShown(version))
    .map((each) => packageOf(each, foundIn));
}

function packageOf({ path, version, sum }: GoModule, foundIn: string): Package {
  const [, namespace, name = path] = /^(.+)\/([^/]+)$/.exec(path.toLowerCase()) ?? [];
  return {
    type: "golang",
    name: path,
    version,
    purl: formatPurl({
      type: "golang",
      namespace,
      name,
      version: version === directoryVersion ? undefined : version,
    }),
    ...sha256Of(sum),
    foundIn,
  };
}

/** A sum is a SHA-256 in base64 (golang.org/x/mod/sumdb/dirhash, Hash1). */
function sha256Of(sum: string | undefined): { sha256?: string } {
  const bytes = Buffer.from(sum?.replace(/^h1:/, "") ?? "", "base64");
  return bytes.length === 32 ? { sha256: bytes.toString("hex") } : {};
}
