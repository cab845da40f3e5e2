import { VerificationError } from "../errors.js";

/** A file that is a binary of some platform, by what GoReleaser or a naming pattern says. */
export interface Candidate {
  name: string;
  /** `linux/amd64`, `darwin/arm64`, `linux/arm/v7`. */
  platform: string;
  /** Path in the directory of the binaries. */
  path: string;
  /** ID of the GoReleaser build. */
  id?: string;
  /** Whether it is a package of an operating system, which is no program. */
  isPackage?: boolean;
}

/** A binary of a release. */
export interface Binary {
  name: string;
  platform: string;
  /** Path in the directory of the binaries. */
  path: string;
  /** Path in the build context: `linux/amd64/hello`. */
  staged: string;
}

/** Which of the candidates a release takes; empty lists take all of them. */
export interface Selection {
  platforms: readonly string[];
  names: readonly string[];
  ids: readonly string[];
}

/**
 * The binaries of a release: every name exactly once for every platform, each a file that is there. All that is
 * wrong is in one error; `subject` is the directory as the caller knows it.
 */
export function selectBinaries(
  candidates: readonly Candidate[],
  files: ReadonlySet<string>,
  selection: Selection,
  subject: string,
): Binary[] {
  const chosen = candidates.filter(
    (candidate) => isOfBuild(candidate, selection.ids) && candidate.isPackage !== true,
  );
  const names = namesOf(chosen, selection);
  const outcomes = names.flatMap((name) =>
    selection.platforms.map((platform) => pick(chosen, files, name, platform)),
  );
  const unknown = unknownIds(candidates, selection);
  const nothing = names.length === 0 && unknown.length === 0;
  const problems = [
    ...unknown,
    ...(nothing ? [nothingFound(chosen, files, selection)] : []),
    ...outcomes.filter((outcome) => typeof outcome === "string"),
  ];
  if (problems.length === 0) return outcomes.filter((outcome) => typeof outcome !== "string");
  throw new VerificationError([
    `${subject}: the binaries are no whole set for ${selection.platforms.join(", ")}.`,
    ...problems.map((problem) => `- ${problem}`),
    "Build what is missing, or set release.platforms, or names, ids or pattern of release.binaries, in slipway.json.",
  ]);
}

/** The binary of one name and platform, or what is wrong with it. */
function pick(
  candidates: readonly Candidate[],
  files: ReadonlySet<string>,
  name: string,
  platform: string,
): Binary | string {
  const named = candidates.filter((candidate) => candidate.name === name);
  const [found, ...others] = named.filter((candidate) => candidate.platform === platform);
  if (found === undefined) {
    const platforms = unique(named.map((candidate) => candidate.platform));
    return `${platform}: no ${name}; ${platforms.length === 0 ? "nothing has that name" : `it is there for ${platforms.join(", ")}`}`;
  }
  if (others.length > 0) {
    const paths = [found, ...others].map(describeCandidate);
    return `${platform}: ${paths.length} files are ${name}: ${paths.join(", ")}`;
  }
  const { path } = found;
  if (!files.has(path)) return `${platform}: ${path} is listed in artifacts.json, and is not there`;
  return { name, platform, path, staged: `${platform}/${name}` };
}

/** The path, with the ID of the build where there is one. */
export function describeCandidate({ path, id }: Candidate): string {
  return id === undefined ? path : `${path} (${id})`;
}

/** The names asked for, else those of all binaries of the platforms. */
function namesOf(candidates: readonly Candidate[], { names, platforms }: Selection): readonly string[] {
  if (names.length > 0) return names;
  return unique(
    candidates.filter(({ platform }) => platforms.includes(platform)).map(({ name }) => name),
  ).toSorted();
}

function unknownIds(candidates: readonly Candidate[], { ids }: Selection): string[] {
  const known = unique(candidates.flatMap(({ id }) => id ?? []));
  return ids
    .filter((id) => !known.includes(id))
    .map(
      (id) =>
        `no build has the ID ${id}; ${known.length === 0 ? "there are no IDs" : `there are ${known.join(", ")}`}`,
    );
}

/** Why no binary of the platforms was found. */
export function nothingFound(
  candidates: readonly Candidate[],
  files: ReadonlySet<string>,
  { platforms }: Selection,
): string {
  const built = unique(candidates.map(({ platform }) => platform));
  if (built.length > 0) return `nothing is built for ${platforms.join(", ")}, only for ${built.join(", ")}`;
  const seen = [...files].toSorted();
  if (seen.length === 0) return "it holds no file";
  const more = seen.length > 5 ? `, and ${seen.length - 5} more` : "";
  return `no file has a name that says its platform, as app-linux-amd64 and linux/amd64/app do; it holds ${seen.slice(0, 5).join(", ")}${more}`;
}

/** Whether a candidate is of one of these builds; none are all. */
export function isOfBuild({ id }: Candidate, ids: readonly string[]): boolean {
  return ids.length === 0 || (id !== undefined && ids.includes(id));
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}
