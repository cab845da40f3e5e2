import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Container, Directory, Secret } from "@dagger.io/dagger";
import { digestOfFile, readFiles, scratch } from "../files.js";
import { type ForgeAccess, openForge } from "../forge/forge.js";
import { readOrigin } from "../forge/origin.js";
import type { Forge, ForgeRelease, ReleaseFile } from "../forge/release.js";
import { log } from "../log.js";
import type { Project } from "../project.js";
import { reveal } from "../secrets.js";
import { asMarkdown, excerpt } from "../text.js";
import { buildContainer } from "./build.js";
import { type Compilation, compilePrograms, versionIn } from "./programs.js";
import { type GoProject, readLine } from "./project.js";

/** Programs of a tag, and the release that has them. */
export interface ProgramRelease {
  dist: Directory;
  release: ForgeRelease;
}

// More than anybody reads.
const mostNotes = 200;

/** The forge of a project, by its git remote, with the token that was given for the call. */
export async function openProjectForge(
  { source, fetch, settings, registries }: Project,
  secrets: readonly { name: string; secret: Secret }[],
): Promise<Forge> {
  const config = (await readFiles(source, [".git/config"])).get(".git/config");
  return openForge({
    origin: readOrigin(config?.toString("utf8")),
    plainHttp: settings.network.plainHttp,
    ...(await forgeAccess({ fetch, registries }, secrets)),
  });
}

/** What a forge is asked with: the tokens that were given for the call, and the way to it. */
export async function forgeAccess(
  { fetch, registries: { pushRetry } }: Pick<Project, "fetch" | "registries">,
  secrets: readonly { name: string; secret: Secret }[],
): Promise<Pick<ForgeAccess, "tokens" | "delivery">> {
  const tokens = await Promise.all(
    secrets.map(async ({ name, secret }) => [name, await reveal(secret)] as const),
  );
  return { tokens: new Map(tokens), delivery: { fetch, pushRetry, onRetry: log } };
}

/** Compiles the programs of the commit's tag, and says which release they are. */
export async function buildProgramRelease(
  project: GoProject,
  wanted: string | undefined,
  compilation: Compilation,
): Promise<ProgramRelease> {
  const setting = await buildContainer(project, { release: true, isolated: true, tag: wanted });
  const { container, tag = "" } = setting;
  const dist = await compilePrograms(setting, compilation);
  const [files, notes, commit] = await Promise.all([
    filesOf(dist),
    changesUpTo(container, tag),
    readLine(container, ["git", "rev-parse", "HEAD"]),
  ]);
  // A version with a hyphen is a pre-release (Semantic Versioning 2.0.0, section 9).
  const isPreRelease = /^\d+\.\d+\.\d+-/.test(versionIn(tag));
  return { dist, release: { tag, commit, notes, isPreRelease, files } };
}

async function filesOf(dist: Directory): Promise<ReleaseFile[]> {
  const directory = await scratch("programs");
  await dist.export(directory);
  const names = (await readdir(directory)).toSorted();
  return Promise.all(
    names.map(async (name) => {
      const path = join(directory, name);
      const [{ size }, digest] = await Promise.all([stat(path), digestOfFile(path)]);
      return { name, path, size, digest };
    }),
  );
}

/** What changed since the tag before, of the same component, a line for each commit; all where there was none. */
async function changesUpTo(container: Container, tag: string): Promise<string> {
  const component = tag.replace(/[^/]*$/, "");
  const own = component === "" ? `--exclude "*/*"` : `--match "$COMPONENT*"`;
  const script = [
    `last="$(git describe --tags --abbrev=0 ${own} HEAD^ 2> /dev/null || true)"`,
    `git log --max-count=${mostNotes} --format="%h %s" \${last:+"$last.."}HEAD`,
  ].join("\n");
  const log = await container
    .withEnvVariable("COMPONENT", component)
    .withExec(["sh", "-ec", script])
    .stdout();
  return log
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [, hash = "", subject = ""] = /^(\S+) ?(.*)$/.exec(line) ?? [];
      // Whoever wrote a commit mentions nobody by it, and shows no image.
      return `- ${asMarkdown(excerpt(subject, 300))} (${hash})\n`;
    })
    .join("");
}
