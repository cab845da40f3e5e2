import type { Directory } from "@dagger.io/dagger";
import { z } from "zod";
import { InputError } from "../errors.js";
import { type ForgeAccess, openGitLab } from "../forge/forge.js";
import { type Origin, originOf } from "../forge/origin.js";
import { log } from "../log.js";
import { parseYaml } from "../yaml-document.js";

/** The files that the release of a tag has on GitLab, where GoReleaser cannot replace them. */
export interface GitLabRelease {
  /** The project, for messages. */
  subject: string;
  filesOf(tag: string): Promise<string[]>;
}

const text = z.string().refine((given) => !given.includes("{{"));
const configuration = z.looseObject({
  release: z.looseObject({ gitlab: z.looseObject({ owner: text, name: text }) }),
  gitlab_urls: z.looseObject({ api: text.default("https://gitlab.com/api/v4") }).prefault({}),
});

/** The project of GitLab that a configuration of GoReleaser names in full; undefined where it names none. */
export function gitlabProjectOf(configured: string): { origin: Origin; scheme: string } | undefined {
  const { release, gitlab_urls } =
    configuration.safeParse(parseYaml(configured, ".goreleaser.yaml")).data ?? {};
  if (release === undefined || gitlab_urls === undefined) return undefined;
  const api = URL.canParse(gitlab_urls.api) ? new URL(gitlab_urls.api) : undefined;
  // A user, a password or a query stands between.
  const [, scheme] = /^(https?):\/\/[^/@?#]+\/api\/v4\/?$/.exec(api?.href ?? "") ?? [];
  if (api === undefined || scheme === undefined) return undefined;
  const origin = originOf(api.host, `${release.gitlab.owner}/${release.gitlab.name}`);
  return origin && { origin, scheme };
}

/** What is asked before GoReleaser releases there; undefined where it does not, or nothing is known of it. */
export async function gitlabReleaseOf(
  configured: string,
  access: () => Promise<Pick<ForgeAccess, "tokens" | "delivery">>,
): Promise<GitLabRelease | undefined> {
  const project = gitlabProjectOf(configured);
  if (project === undefined) return undefined;
  const { origin, scheme } = project;
  const forge = openGitLab(origin, scheme, await access());
  return forge && { subject: `${origin.host}/${origin.path}`, filesOf: (tag) => forge.filesOf(tag) };
}

// What GoReleaser uploads (its internal/artifact), beside the binaries, which its checksums name.
const uploaded = [
  "Archive",
  "Source",
  "File",
  "Linux Package",
  "SBOM",
  "Checksum",
  "Signature",
  "Certificate",
];
const artifacts = z.array(z.object({ name: z.string(), path: z.string().default(""), type: z.string() }));

/** The files that a release of what GoReleaser built has. */
export async function uploadedFiles(dist: Directory): Promise<string[]> {
  const all = artifacts.parse(JSON.parse(await dist.file("artifacts.json").contents()));
  const checksums = all.filter(({ type }) => type === "Checksum");
  const sums = await Promise.all(
    checksums.map(({ path }) => dist.file(path.replace(/^.*?dist\//, "")).contents()),
  );
  const summed = sums.flatMap((sum) =>
    [...sum.matchAll(/^[0-9a-f]+ [ *](\S.*)$/gm)].map(([, name = ""]) => name),
  );
  const named = all.filter(({ type }) => uploaded.includes(type)).map(({ name }) => name);
  return [...new Set([...named, ...summed])];
}

/** Takes a release that has all of them for done, and refuses one that lacks some. */
export function requireWhole(
  subject: string,
  tag: string,
  { wanted, present }: { wanted: readonly string[]; present: readonly string[] },
): void {
  const missing = wanted.filter((name) => !present.includes(name));
  if (missing.length > 0)
    throw new InputError({
      subject: `${subject}: release ${tag}`,
      expected: `all ${wanted.length} files or none, since GoReleaser completes no release of GitLab`,
      given: `one without ${missing.join(", ")}`,
      fix: "Delete the release there, keep its tag, and call again. Nothing was uploaded",
    });
  log(
    `${subject}: the release ${tag} has all ${wanted.length} files: nothing was uploaded, and no cask or other publisher of GoReleaser's was called again.`,
  );
}
