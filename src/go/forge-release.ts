import type { Directory, Secret } from "@dagger.io/dagger";
import { isMap, isNode, isScalar, type Pair } from "yaml";
import { InputError } from "../errors.js";
import { readFiles } from "../files.js";
import { parseYamlDocument } from "../yaml-document.js";
import { buildContainer } from "./build.js";
import { calledPrograms, requirePrograms } from "./called-programs.js";
import { type GitLabRelease, requireWhole, uploadedFiles } from "./gitlab-repeat.js";
import { type GoProject, SOURCE_PATH, uncached } from "./project.js";
import { releaserFiles } from "./releaser-files.js";

/** What GoReleaser publishes a release with. */
export interface ForgeReleaseOptions {
  /** The tag to release, where the commit has several. */
  tag?: string | undefined;
  /** Tokens, by the names of the variables that GoReleaser reads: GITHUB_TOKEN, GITLAB_TOKEN. */
  secrets: readonly { name: string; secret: Secret }[];
  /** Where the release goes, if to GitLab. */
  gitlab?: GitLabRelease | undefined;
}

// Outside of the source, which GoReleaser wants unchanged.
const configuration = "/tmp/slipway-goreleaser.yaml";

/**
 * GoReleaser's own release of the commit's tag: archives, checksums, changelog, and the release of GitHub or GitLab. Gives
 * its `dist` directory. Images are left to the image stage. A repeat replaces what was uploaded to GitHub. Links of a release
 * of GitLab it cannot replace (GoReleaser 2.13.3 and 2.14.3), whatever its configuration says: where a release has files, it
 * is held against what it would have, and nothing is uploaded.
 */
export async function publishForgeRelease(
  project: GoProject,
  configured: string,
  { tag: wanted, secrets, gitlab }: ForgeReleaseOptions,
): Promise<Directory> {
  const config = repeatable(configured);
  const { container, tag = "" } = await buildContainer(project, {
    release: true,
    isolated: true,
    tag: wanted,
  });
  await requirePrograms(container, calledPrograms(configured));
  const present = (await gitlab?.filesOf(tag)) ?? [];
  const skipped = present.length === 0 ? "docker" : "docker,publish";
  const dist = secrets
    .reduce((to, { name, secret }) => to.withSecretVariable(name, secret), uncached(container))
    .withEnvVariable("GORELEASER_CURRENT_TAG", tag)
    .withNewFile(configuration, config)
    .withExec(["goreleaser", "release", "--clean", `--skip=${skipped}`, `--config=${configuration}`])
    .directory(`${SOURCE_PATH}/dist`);
  if (gitlab !== undefined && present.length > 0)
    requireWhole(gitlab.subject, tag, { wanted: await uploadedFiles(dist), present });
  return dist;
}

/** The configuration that GoReleaser takes; undefined where there is none. */
export async function readReleaserConfiguration(source: Directory): Promise<string | undefined> {
  const files = await readFiles(source, releaserFiles);
  const [text] = releaserFiles.flatMap((path) => files.get(path) ?? []);
  return text?.toString("utf8");
}

const settingName = "replace_existing_artifacts";
const setting = `${settingName}: true`;

/** A configuration whose release replaces the files that an earlier run has uploaded; without it a repeat fails. */
export function repeatable(text: string): string {
  const document = parseYamlDocument(text, ".goreleaser.yaml");
  if (document.contents !== null && (!isMap(document.contents) || document.contents.flow === true))
    throw new InputError({
      subject: ".goreleaser.yaml",
      expected: "settings by name, a line each",
      given: "something else",
    });
  // What a merge brings in would be replaced.
  if (document.contents?.has("<<") === true) return text;
  const pair = document.contents?.items.find(({ key }) => isScalar(key) && key.value === "release");
  const { at, added } = pair === undefined ? afterAll(text) : insideOf(pair, text);
  return `${text.slice(0, at)}${added}${text.slice(at)}`;
}

/** Text that is put into a configuration, which stays as it is otherwise: written anew, `0644` would be another mode. */
interface Insertion {
  at: number;
  added: string;
}

function afterAll(text: string): Insertion {
  return { at: text.length, added: `${/(^|\n)$/.test(text) ? "" : "\n"}release: { ${setting} }\n` };
}

/** What has the setting already stays, and what is of no use as a release, GoReleaser says better. */
function insideOf({ key, value }: Pair<unknown, unknown>, text: string): Insertion {
  const none = { at: text.length, added: "" };
  if (isMap(value) ? value.has(settingName) || value.has("<<") : isNode(value) && !isEmpty(value))
    return none;
  if (!isMap(value)) return { at: text.indexOf(":", endOf(key)) + 1, added: ` { ${setting} }` };
  const [first] = value.items;
  if (value.flow === true)
    return { at: beginOf(value) + 1, added: ` ${setting}${first === undefined ? " " : ","}` };
  const begin = beginOf(first?.key);
  const indent = begin - (text.lastIndexOf("\n", begin) + 1);
  return { at: begin, added: `${setting}\n${" ".repeat(indent)}` };
}

function isEmpty(value: unknown): boolean {
  return isScalar(value) && value.value === null && value.source === "";
}

function beginOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0;
}

function endOf(node: unknown): number {
  return isNode(node) ? (node.range?.[1] ?? 0) : 0;
}
