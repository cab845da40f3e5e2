import { type Distribution, formatPurl, type Package } from "./package.js";
import { recordsIn } from "./records.js";

/** The packages of dpkg's database that are installed; those of distroless have no status. */
export function packagesOfDpkg(text: string, foundIn: string, distribution?: Distribution): Package[] {
  return [...recordsIn(text)].flatMap((fields): Package[] => {
    const [name, version, arch, source, status = "installed", maintainer] = [
      "Package",
      "Version",
      "Architecture",
      "Source",
      "Status",
      "Maintainer",
    ].map((key) => fields.get(key));
    if (!name || !version || !/(?:^|\s)installed$/.test(status)) return [];
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
