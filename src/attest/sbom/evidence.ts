import { packagesOfApk } from "./apk.js";
import { packagesOfBunLock } from "./bun-lock.js";
import { packagesOfDpkg } from "./dpkg.js";
import { packagesOfNpmLock, packagesOfPackageJson } from "./npm.js";
import { type Distribution, isShown, type Package } from "./package.js";

/** Reads the packages that a file names; undefined in the place of one that is not known. */
type ReadPackages = (
  text: string,
  foundIn: string,
  distribution?: Distribution,
) => readonly (Package | undefined)[];

/** What is read of a lock. */
type ReadLock = (text: string, foundIn: string) => Package[];

interface Database {
  path: RegExp;
  read: ReadPackages;
}

/** By where they lie from the root of an image, whoever wrote them. */
const databases: readonly Database[] = [
  { path: /^(?:usr\/)?lib\/apk\/db\/installed$/, read: packagesOfApk },
  { path: /^var\/lib\/dpkg\/status$/, read: packagesOfDpkg },
  // Those of distroless: a file for each package, and a list of its files beside it.
  { path: /^var\/lib\/dpkg\/status\.d\/[^/]+(?<!\.md5sums)$/, read: packagesOfDpkg },
  { path: /(?:^|\/)node_modules\/(?:@[^/]+\/)?[^/.][^/]*\/package\.json$/, read: packagesOfPackageJson },
];

/** What a source locks: by the names of files at its root. What an image has of them was not installed by that. */
const lockfiles: Readonly<Record<string, ReadLock>> = {
  "bun.lock": packagesOfBunLock,
  "package-lock.json": packagesOfNpmLock,
  "npm-shrinkwrap.json": packagesOfNpmLock,
};

/** Names of files of a source that say what a program is made of which says nothing itself. */
export const lockfileNames: readonly string[] = Object.keys(lockfiles);

const release = /^(?:etc|usr\/lib)\/os-release$/;

// Far more than any has.
const largestRelease = 64 * 1024;

const unread = /^(?:var|usr)\/lib\/(?:sysimage\/)?rpm\/(?:rpmdb\.sqlite|Packages(?:\.db)?)$/;

/** Whether a file says which packages an image holds, or which distribution it is. */
export function isEvidence(path: string): boolean {
  return release.test(path) || databases.some((database) => database.path.test(path));
}

/** What is not read of a file that names packages in another form, a clause each. */
export function unreadOf(path: string): string[] {
  return unread.test(path) ? ["databases of rpm are not read: no package of it is listed"] : [];
}

/** The packages that a file names; undefined in the place of one that is not known. */
export function packagesIn(
  path: string,
  text: string,
  distribution?: Distribution,
): readonly (Package | undefined)[] {
  return databases.find((database) => database.path.test(path))?.read(text, `/${path}`, distribution) ?? [];
}

/** The packages that the source of an image locks. */
export function packagesLockedBy(name: string, text: string): Package[] {
  return lockfiles[name]?.(text, `${name} of the source`) ?? [];
}

/** The distribution that an image is, as its os-release says it (os-release(5)). */
export function distributionIn(texts: ReadonlyMap<string, string>): Distribution | undefined {
  const [text] = [...texts]
    .filter(([path]) => release.test(path))
    .toSorted()
    .map(([, content]) => content);
  if (text === undefined || text.length > largestRelease) return undefined;
  const fields = new Map(
    [...text.matchAll(/^([A-Z_]{1,40})=["']?([^"'\n]{0,200})["']?$/gm)].map(([, name, value]) => [
      name,
      value,
    ]),
  );
  const [id, version = "", name] = ["ID", "VERSION_ID", "PRETTY_NAME"].map((key) => fields.get(key));
  if (id === undefined || !/^[\w.-]+$/.test(id) || ![version, name ?? ""].every(isShown)) return undefined;
  return { id: id.toLowerCase(), version, name: name || id };
}
