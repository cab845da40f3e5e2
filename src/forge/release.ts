import { ConflictError } from "../errors.js";

/** A release on the page of a project: the files of one tag. */
export interface ForgeRelease {
  /** The tag, which the forge has already. */
  tag: string;
  /** The commit that the tag names, in full. */
  commit: string;
  /** What changed, in markdown. */
  notes: string;
  isPreRelease: boolean;
  files: readonly ReleaseFile[];
}

/** A file of a release. */
export interface ReleaseFile {
  name: string;
  /** On this machine. */
  path: string;
  size: number;
  /** `sha256:…` */
  digest: string;
}

/** A file as a forge says that it has it. */
export interface StoredFile {
  name: string;
  size: number;
  /** Absent where the forge does not say it: then the size has to do. */
  digest?: string | undefined;
}

/** What became of a file. */
export interface FileOutcome {
  name: string;
  how: "existed" | "uploaded";
}

/** Where releases are published. */
export interface Forge {
  /**
   * Completes a release: what is there is left, and what is missing is uploaded. It appears once it has all of its
   * files, where it is not there already. A file of the same name that is another one is a ConflictError.
   */
  publish(release: ForgeRelease): Promise<FileOutcome[]>;
}

/** Those that a release lacks; one that is there as another file is a ConflictError. */
export function missingFiles(
  subject: string,
  { tag, files }: ForgeRelease,
  stored: readonly StoredFile[],
): ReleaseFile[] {
  const others = files.filter((file) => {
    const found = storedAs(file, stored);
    return found !== undefined && !isSame(file, found);
  });
  if (others.length > 0)
    throw new ConflictError(
      `${subject}: the release ${tag} has ${others.map(({ name }) => name).join(", ")} with other content. Nothing was overwritten: remove the file there if nobody has it, or publish the change as another version.`,
    );
  return files.filter((file) => storedAs(file, stored) === undefined);
}

/** What became of all files, of which these were missing. */
export function outcomesOf({ files }: ForgeRelease, missing: readonly ReleaseFile[]): FileOutcome[] {
  return files.map((file) => ({ name: file.name, how: missing.includes(file) ? "uploaded" : "existed" }));
}

function storedAs({ name }: ReleaseFile, stored: readonly StoredFile[]): StoredFile | undefined {
  return stored.find((each) => each.name === name);
}

function isSame(file: ReleaseFile, { size, digest }: StoredFile): boolean {
  return file.size === size && (digest === undefined || digest === file.digest);
}
