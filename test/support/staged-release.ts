import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseSettings, type ReleaseSettings } from "../../src/config.js";
import { loadContext } from "../../src/dockerfile/context.js";
import { writeSources } from "../../src/dockerfile/context-files.js";
import { parseIgnoreList } from "../../src/dockerfile/dockerignore.js";
import type { FileNode } from "../../src/layer/file-tree.js";
import { formatPlatform } from "../../src/oci/platform.js";
import type { LoadSource } from "../../src/release/contexts.js";
import type { ChosenDockerfile } from "../../src/release/dockerfile-choice.js";
import { type StagedRelease, stageRelease } from "../../src/release/stage.js";
import { readRef } from "../../src/tags/ref.js";
import { dockerfileOf } from "./dockerfile.js";
import { type FileSpec, writeFiles } from "./image-files.js";
import { makeTemporaryDirectory } from "./temporary-directory.js";
import { tinyProgram } from "./tiny-program.js";

export type Files = Readonly<Record<string, FileSpec>>;

/** A project as it moves in. */
export interface StagedProject {
  /** Text of the Dockerfile. */
  dockerfile: string;
  /** Where it comes from; the default is that the settings name it. */
  from?: ChosenDockerfile["from"];
  /** Files of the source; none is a call without one. */
  source?: Files | undefined;
  /** Files of the directory of the binaries. */
  binaries?: Files | undefined;
  settings?: Partial<ReleaseSettings>;
  /** Fields of release.binaries in slipway.json. */
  select?: object;
  ref?: string;
  /** Whether the binaries lie in the source itself. */
  together?: boolean;
}

/** Stages a project for both platforms; the default is a push to main, which has no version to check. */
export async function stageProject(project: StagedProject): Promise<StagedRelease> {
  const { dockerfile, from, source, binaries, settings = {}, select = {}, ref = "refs/heads/main" } = project;
  const { path } = makeTemporaryDirectory();
  const directory = join(path, "source");
  const built = project.together === true ? directory : join(path, "binaries");
  await writeFiles(path, { "source/": "", "workspace/": "" });
  if (source !== undefined) await writeFiles(directory, source);
  if (binaries !== undefined) await writeFiles(built, { "./": "", ...binaries });
  const defaults = parseSettings(JSON.stringify({ release: { binaries: select } })).release;
  return stageRelease({
    settings: { ...defaults, dockerfile: "Dockerfile", ...settings },
    trigger: readRef(ref, { mainBranch: "main", preRelease: true }),
    loadSource: source === undefined ? async () => undefined : sourceLoader(directory),
    binaries: binaries === undefined ? undefined : built,
    dockerfile: { ...dockerfileOf(dockerfile, "Dockerfile"), ...(from === undefined ? {} : { from }) },
    workspace: join(path, "workspace"),
  });
}

/** Brings what is asked for into a directory of its own, as the engine does by the same patterns. */
function sourceLoader(directory: string): LoadSource {
  return async (paths) => {
    const patterns = (paths ?? ["/**"]).flatMap((path) => [path.slice(1), `${path.slice(1)}/**`]);
    const wanted = parseIgnoreList([...patterns, "*.dockerignore"].join("\n"), "paths");
    const { root } = loadContext(directory, {
      ignores: (path) => !wanted.ignores(path),
      hasExceptions: true,
    });
    const { path } = makeTemporaryDirectory();
    await writeSources(path, [{ path: "/", node: root }], "source");
    return path;
  };
}

/** A program of a few bytes, which says in the end what it is. */
export function program(architecture: "amd64" | "arm64", note = "app"): FileSpec {
  const content = Buffer.concat([tinyProgram(architecture), Buffer.from(`|${note} for ${architecture}`)]);
  return { content, mode: 0o755 };
}

/** What a platform copies out of its context, file by file; of a program what it says that it is. */
export async function copiedFiles(
  staged: StagedRelease,
  platform: string,
): Promise<Record<string, string> | undefined> {
  const target = staged.targets.find((candidate) => formatPlatform(candidate.platform) === platform);
  if (target?.copied === undefined) return undefined;
  const files = await Promise.all(target.copied.map(({ path, node }) => contentOf(path, node)));
  return Object.assign({}, ...files);
}

async function contentOf(path: string, node: FileNode): Promise<Record<string, string>> {
  if (node.type === "symlink") return { [path]: `-> ${node.target}` };
  if (node.type === "directory") {
    const children = await Promise.all(
      [...node.children].map(([name, child]) => contentOf(join(path, name), child)),
    );
    return Object.assign({}, ...children);
  }
  if (node.type !== "file") return { [path]: node.type };
  const content = "path" in node.content ? await readFile(node.content.path, "latin1") : "";
  return { [path]: content.split("|").at(-1) ?? "" };
}
