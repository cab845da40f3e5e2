import { type Distribution, formatPurl, type Package } from "./package.js";
import { recordsIn } from "./records.js";

// The last word of a status whose files are there (dpkg(1), "Package states").
const unpacked = /(?:^|\s)(?:installed|unpacked|half-configured|triggers-awaited|triggers-pending)$/;

/**
 * The packages of dpkg's database whose files are there; those of distroless have no status. Undefined in the place of one
 * that is not known.
 */
export function packagesOfDpkg(
  text: string,
  foundIn: string,
  distribution?: Distribution,
): (Package | undefined)[] {
  return [...recordsIn(text)].flatMap((fields): (Package | undefined)[] => {
    const [name, version, arch, source, status = "installed", maintainer] = [
      "Package",
      "Version",
      "Architecture",
      "Source",
      "Status",
      "Maintainer",
    ].map((key) => fields.get(key));
    if (!unpacked.test(status)) return [];
    if (!name || !version) return [undefined];
    const { id, version: release } = distribution ?? { id: "debian", version: "" };
    return [
      {
        type: "deb",
        name,
        version,
        purl: formatPurl({
          type: "deb",
          namespace: id,
          name,
          version,
          qualifiers: { arch, distro: release && `${id}-${release}`, upstream: upstreamOf(source) },
        }),
        ...(maintainer ? { supplier: maintainer } : {}),
        foundIn,
      },
    ];
  });
}

/** A source of another version than the package is `name (version)`. */
function upstreamOf(source: string | undefined): string | undefined {
  return source?.replace(/ \(([^()]+)\)$/, "@$1");
}
