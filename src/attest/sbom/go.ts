import { directoryVersion, type GoModule, readGoBuildInfo } from "../../binaries/build-info.js";
import type { ProgramBytes } from "../../binaries/program-bytes.js";
import { formatPurl, isShown, type Package } from "./package.js";

// Of Go itself (go.dev/LICENSE): no module says its own.
const license = "BSD-3-Clause";

/**
 * The modules that a program of Go is linked from, the standard library among them; none where it is no such program, and
 * undefined in the place of one that is not known.
 */
export function packagesOfGo(program: ProgramBytes, foundIn: string): (Package | undefined)[] {
  const info = readGoBuildInfo(program);
  if (info === undefined) return [];
  const { goVersion, module, dependencies } = info;
  // `go1.26.8 X:nodwarf5` has experiments behind it.
  const [, version] = /^go(\S+)/.exec(goVersion) ?? [];
  const stdlib = version === undefined ? [] : [{ path: "stdlib", version }];
  const modules = [...(module === undefined ? [] : [module]), ...dependencies];
  return [
    ...modules.map((each) => packageOf(each, foundIn)),
    ...stdlib.map((each) => packageOf(each, foundIn, license)),
  ];
}

function packageOf({ path, version, sum }: GoModule, foundIn: string, license?: string): Package | undefined {
  if (path === "" || !isShown(path) || !isShown(version)) return undefined;
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
    ...(license === undefined ? {} : { license }),
    ...sha256Of(sum),
    foundIn,
  };
}

/** A sum is a SHA-256 in base64 (golang.org/x/mod/sumdb/dirhash, Hash1). */
function sha256Of(sum: string | undefined): { sha256?: string } {
  const bytes = Buffer.from(sum?.replace(/^h1:/, "") ?? "", "base64");
  return bytes.length === 32 ? { sha256: bytes.toString("hex") } : {};
}
