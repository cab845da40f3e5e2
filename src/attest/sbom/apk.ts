import { type Distribution, formatPurl, type Package } from "./package.js";
import { recordsIn } from "./records.js";

/**
 * The packages of apk's database: `P` is the name, `V` the version, `A` the architecture, `L` the licence. Undefined in the
 * place of a record whose package is not known.
 */
export function packagesOfApk(
  text: string,
  foundIn: string,
  distribution?: Distribution,
): (Package | undefined)[] {
  return [...recordsIn(text)].map((fields): Package | undefined => {
    const [name, version, arch, origin, license] = ["P", "V", "A", "o", "L"].map((key) => fields.get(key));
    if (!name || !version) return undefined;
    const { id, version: release } = distribution ?? { id: "alpine", version: "" };
    return {
      type: "apk",
      name,
      version,
      purl: formatPurl({
        type: "apk",
        namespace: id,
        name,
        version,
        qualifiers: {
          arch,
          distro: release && `${id}-${release}`,
          upstream: origin === name ? undefined : origin,
        },
      }),
      ...(license ? { license } : {}),
      ...(distribution === undefined ? {} : { supplier: distribution.name }),
      foundIn,
    };
  });
}
