import type { Directory, Secret } from "@dagger.io/dagger";
import { isMap, parseDocument } from "yaml";
import { InputError, messageOf } from "../errors.js";
import { readFiles } from "../files.js";
import { buildContainer } from "./build.js";
import { type GoProject, SOURCE_PATH, uncached } from "./project.js";
import { releaserFiles } from "./releaser-files.js";

/** What GoReleaser publishes a release with. */
export interface ForgeReleaseOptions {
  /** The tag to release, where the commit has several. */
  tag?: string | undefined;
  /** Tokens, by the names of the variables that GoReleaser reads: GITHUB_TOKEN, GITLAB_TOKEN. */
  secrets: readonly { name: string; secret: Secret }[];
}

// Outside of the source, which GoReleaser wants unchanged.
const configuration = "/tmp/slipway-goreleaser.yaml";

/**
 * GoReleaser's own release of the commit's tag: archives, checksums, changelog, and the release of GitHub or GitLab. Gives
 * its `dist` directory. Images are left to the image stage. A repeat replaces what was uploaded to GitHub; links of a release
 * of GitLab it cannot replace (GoReleaser 2.13.3), whatever its configuration says.
 */
export async function publishForgeRelease(
  project: GoProject,
  { tag: wanted, secrets }: ForgeReleaseOptions,
): Promise<Directory> {
  const config = repeatable(await readConfiguration(project.source));
  const { container, tag = "" } = await buildContainer(project, {
    release: true,
    isolated: true,
    tag: wanted,
  });
  const published = secrets
    .reduce((to, { name, secret }) => to.withSecretVariable(name, secret), uncached(container))
    .withEnvVariable("GORELEASER_CURRENT_TAG", tag)
    .withNewFile(configuration, config)
    .withExec(["goreleaser", "release", "--clean", "--skip=docker", `--config=${configuration}`]);
  return published.directory(`${SOURCE_PATH}/dist`);
}

async function readConfiguration(source: Directory): Promise<string> {
  const files = await readFiles(source, releaserFiles);
  const [text] = releaserFiles.flatMap((path) => files.get(path) ?? []);
  if (text !== undefined) return text.toString("utf8");
  throw new InputError({
    subject: "build --publish",
    expected: "a configuration of GoReleaser, which makes the release",
    given: undefined,
    fix: "Add a .goreleaser.yaml, or build without --publish",
  });
}

const setting = "replace_existing_artifacts";

/** A configuration whose release replaces the files that an earlier run has uploaded; without it a repeat fails. */
export function repeatable(text: string): string {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error !== undefined)
    throw new InputError({
      subject: ".goreleaser.yaml",
      expected: "YAML",
      given: messageOf(error).split("\n")[0],
    });
  if (document.contents !== null && !isMap(document.contents))
    throw new InputError({
      subject: ".goreleaser.yaml",
      expected: "settings by name",
      given: "something else",
    });
  const release = document.get("release", true);
  // What is of no use as a release, GoReleaser says better.
  if (isMap(release) ? release.has(setting) : document.get("release") != null) return text;
  if (isMap(release)) release.set(setting, true);
  else document.set("release", document.createNode({ [setting]: true }));
  return document.toString({ lineWidth: 0 });
}
