import { VerificationError } from "../errors.js";
import { annotationKey, imageAnnotation } from "./description.js";

/** An archive of build-platform, as far as it says what it belongs to. */
export interface ReleaseArchive {
  /** Path in the directory of the archives. */
  file: string;
  platforms: readonly string[];
  /** Those of its index. */
  annotations: Readonly<Record<string, string>>;
}

/** What the archives of one release have to be. */
export interface ArchiveSet {
  /** Which of several images they are; absent where the release has one. */
  image?: string | undefined;
  /** Exactly these, each once. */
  platforms: readonly string[];
  /** Version of the ref; absent for a push to a branch, whose archives have none. */
  version?: string | undefined;
  /** Commit of the source, where the caller names it. */
  revision?: string | undefined;
}

/** Holds archives against the release that they are to be; all that is wrong is in one error. */
export function requireSet(archives: readonly ReleaseArchive[], expected: ArchiveSet): void {
  const problems = [
    ...platformProblems(archives, expected),
    ...archives.flatMap((archive) => identityProblems(archive, expected)),
    ...differences(archives),
  ];
  if (problems.length === 0) return;
  throw new VerificationError([
    `--archives: they are no whole set${expected.image === undefined ? "" : ` of image ${expected.image}`} for ${expected.platforms.join(", ")}.`,
    ...problems.map((problem) => `- ${problem}`),
    "Build every platform with build-platform, once, from one commit and with the same --ref; nothing was published.",
  ]);
}

function platformProblems(archives: readonly ReleaseArchive[], { platforms }: ArchiveSet): string[] {
  const holders = (platform: string) =>
    archives.flatMap((archive) =>
      archive.platforms.filter((held) => held === platform).map(() => archive.file),
    );
  const found = archives.flatMap(({ file, platforms: held }) => held.map((platform) => ({ file, platform })));
  return [
    ...platforms
      .filter((platform) => holders(platform).length === 0)
      .map((platform) => `${platform}: no archive; ${describeFound(found)}`),
    ...platforms
      .filter((platform) => holders(platform).length > 1)
      .map((platform) => `${platform}: is in ${holders(platform).join(" and in ")}`),
    ...found
      .filter(({ platform }) => !platforms.includes(platform))
      .map(({ file, platform }) => `${file}: is for ${platform}, which is not asked for`),
    ...archives
      .filter(({ platforms: held }) => held.length === 0)
      .map(({ file }) => `${file}: holds no platform`),
  ];
}

function describeFound(found: readonly { file: string; platform: string }[]): string {
  if (found.length === 0) return "there is no *.tar in the directory, or in one right below it";
  return `there are ${found.map(({ file, platform }) => `${file} for ${platform}`).join(", ")}`;
}

function identityProblems(
  { file, annotations }: ReleaseArchive,
  { image, version, revision }: ArchiveSet,
): string[] {
  const found = { version: read(annotations, "version"), revision: read(annotations, "revision") };
  return [
    ...(annotations[imageAnnotation] === image
      ? []
      : [`${file}: is of ${nameImage(annotations[imageAnnotation])}, and expected is ${nameImage(image)}`]),
    ...(found.version === version
      ? []
      : [`${file}: is of ${nameVersion(found.version)}, and --ref of ${nameVersion(version)}`]),
    ...(revision !== undefined && found.revision !== revision
      ? [`${file}: is of ${nameRevision(found.revision)}, and --revision is ${revision}`]
      : []),
  ];
}

/** What the first archive and another one say differently; the version is held against the ref. */
function differences([first, ...others]: readonly ReleaseArchive[]): string[] {
  if (first === undefined) return [];
  return others.flatMap(({ file, annotations }) =>
    [...new Set([...Object.keys(first.annotations), ...Object.keys(annotations)])]
      .filter((key) => key !== annotationKey("version") && annotations[key] !== first.annotations[key])
      .map(
        (key) =>
          `${file}: ${key} is ${nameValue(annotations[key])}, and ${nameValue(first.annotations[key])} in ${first.file}`,
      ),
  );
}

function read(annotations: ReleaseArchive["annotations"], name: string): string | undefined {
  return annotations[annotationKey(name)];
}

function nameImage(image: string | undefined): string {
  return image === undefined ? "a release with one image" : `image ${image}`;
}

function nameVersion(version: string | undefined): string {
  return version === undefined ? "no version" : `version ${version}`;
}

function nameRevision(revision: string | undefined): string {
  return revision === undefined ? "no revision" : `revision ${revision}`;
}

function nameValue(value: string | undefined): string {
  return value === undefined ? "absent" : `"${value}"`;
}
