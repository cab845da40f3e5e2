import type { ReleaseSettings, Settings } from "../config.js";
import { InputError, VerificationError } from "../errors.js";
import { formatRepository } from "../registry/reference.js";
import { markdownTable, megabytes, type Report } from "../report.js";
import { decideTags } from "../tags/policy.js";
import { readRef, type Trigger } from "../tags/ref.js";
import { requestTags } from "../tags/request.js";
import type { Target } from "./plan.js";
import { type ReleaseRequest, release } from "./release.js";

/** The registry of a rehearsal, as references name it: RFC 6761 keeps names below localhost on this machine. */
export const rehearsalHost = "rehearsal.localhost:5000";

/** What takes the place of the commit, which a tag may name. */
export const rehearsalCommit = { revision: "0".repeat(40), sourceDateEpoch: 1 };

/** An image as far as it says where it goes. */
interface RehearsedImage {
  repositories: readonly Target[];
  name?: string | undefined;
}

/** What is rehearsed, and what is to be known before. */
export interface Rehearsal {
  /** The git ref in full. */
  ref: string;
  /** The only tag of a run by hand, where a push to the main branch publishes nothing. */
  as?: string;
  /** Sentences. */
  remarks: readonly string[];
}

/**
 * What a rehearsal releases: the ref that is given, else a push to the main branch, as it would be. Where that publishes
 * nothing, it is a run by hand, since a rehearsal that publishes nothing shows nothing.
 */
export function planRehearsal({ release }: Pick<Settings, "release">, given?: string): Rehearsal {
  const ref = given ?? `refs/heads/${release.mainBranch}`;
  const unnamed = release.images.flatMap(({ repositories, name }) =>
    repositories.length > 0 ? [] : [unnamedRepository(name)],
  );
  const publishes = ({ repositories, tags }: Tagged) => repositories.length === 0 || tags.main.length > 0;
  if (given !== undefined || foreseenTags(release).some(publishes)) return { ref, remarks: unnamed };
  const byHand = `By these settings a push to ${release.mainBranch} publishes nothing, so this is a run by hand, under the tag rehearsal. A version is rehearsed by --ref refs/tags/${release.tagPrefix}v1.2.3, with binaries of that version.`;
  return { ref, as: "rehearsal", remarks: [...unnamed, byHand] };
}

function unnamedRepository(name: string | undefined): string {
  const of = name === undefined ? "" : ` for the image ${name}`;
  return `slipway.json names no repository${of}, so the image goes to one that is called rehearsal: add {"release": {"repositories": ["ghcr.io/acme/app"]}}, with yours, to see your tags.`;
}

/** What is set in one repository where nothing is published yet. */
interface Tagged {
  repositories: readonly Target[];
  repository: string;
  tags: Readonly<Record<"main" | "version", readonly string[]>>;
}

function foreseenTags(release: Settings["release"]): Tagged[] {
  const rules = { ...release, preRelease: true };
  const triggers = {
    main: readRef(`refs/heads/${release.mainBranch}`, rules),
    version: readRef(`refs/tags/${release.tagPrefix}v1.2.3`, rules),
  };
  const { revision, sourceDateEpoch: created } = rehearsalCommit;
  const tagsOf = (settings: ReleaseSettings, { latest }: Target, at: keyof typeof triggers) => {
    try {
      return decideTags(requestTags({ settings, trigger: triggers[at], revision, created }), latest, [])
        .filter(({ set }) => set)
        .map(({ tag }) => tag);
    } catch (error) {
      // What is rehearsed may be the other of the two.
      if (error instanceof InputError) return [error.message];
      throw error;
    }
  };
  return release.images.flatMap((settings) => {
    const { repositories } = settings;
    const targets = repositories.length > 0 ? repositories : [undefined];
    return targets.map((target) => ({
      repositories,
      repository: target === undefined ? "rehearsal" : formatRepository(target.repository),
      tags: {
        main: target === undefined ? [] : tagsOf(settings, target, "main"),
        version: target === undefined ? [] : tagsOf(settings, target, "version"),
      },
    }));
  });
}

/** What releases set by the settings alone, latest as each repository has it: the tags of a push to main and of v1.2.3. */
export function foresee({ release }: Pick<Settings, "release">): string {
  const named = foreseenTags(release).filter(({ repositories }) => repositories.length > 0);
  if (named.length === 0) return "";
  const shown = (tags: readonly string[]) => tags.join(", ") || "nothing";
  return [
    "What releases set by these settings where nothing is published yet:",
    markdownTable(
      ["repository", `a push to ${release.mainBranch}`, `${release.tagPrefix}v1.2.3`],
      named.map(({ repository, tags }) => [repository, shown(tags.main), shown(tags.version)]),
    ),
  ].join("\n\n");
}

/**
 * The repositories of an image below another registry, each with what its latest follows; a project that names none yet
 * gets one. Where latest follows nothing, a run that names no version goes to a repository of the image's own, since
 * another image may have the tag.
 */
export function rehearsalTargets(
  { repositories, name }: RehearsedImage,
  registry: string,
  { kind }: Pick<Trigger, "kind">,
): Target[] {
  if (repositories.length === 0) {
    const path = name === undefined ? "rehearsal" : `rehearsal/${name}`;
    return [{ repository: { registry, path }, latest: "main" }];
  }
  return repositories.map(({ repository, latest }) => {
    const path = `${repository.registry.replace(/[^a-z0-9.-]/g, "-")}/${repository.path}`;
    const own = kind === "manual" && latest === "none" && name !== undefined ? `${path}/${name}` : path;
    return { repository: { registry, path: own }, latest };
  });
}

/**
 * Releases twice. The second time has to find everything, and to send nothing: that is what makes a re-run safe.
 *
 * @param prepare Gives each release a client and a workspace of its own.
 * @param options What the report begins and ends with.
 */
export async function rehearse(
  prepare: () => Promise<ReleaseRequest>,
  { before = [], after = "" }: { before?: readonly string[]; after?: string } = {},
): Promise<Report> {
  const [first, firstSent] = await releaseCounted(await prepare());
  if (firstSent === 0)
    throw new VerificationError([
      "The first release published nothing, so that the second would show nothing: pass a --ref that publishes.",
      "",
      ...first.markdown.split("\n"),
    ]);
  const [second, bytesSent] = await releaseCounted(await prepare());
  const markdown = [
    ...before,
    "Rehearsal: the first release",
    first.markdown,
    `Rehearsal: the second release, ${megabytes(bytesSent)} sent`,
    second.markdown,
    ...(after === "" ? [] : [after]),
  ].join("\n\n");
  const report = {
    markdown,
    data: { first: first.data, second: second.data, bytesSent },
    outputs: { BYTES_SENT: bytesSent },
  };
  if (bytesSent === 0) return report;
  throw new VerificationError([
    `The second release sent ${bytesSent} bytes, expected none: it did not find what the first had published.`,
    "",
    ...markdown.split("\n"),
  ]);
}

/** Releases, and says how many bytes that sent. */
async function releaseCounted(request: ReleaseRequest): Promise<[Report, number]> {
  const report = await release(request);
  return [report, request.client.traffic.bytesSent];
}
