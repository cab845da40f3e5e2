import type { Secret } from "@dagger.io/dagger";
import type { CiImageSettings } from "../config.js";
import type { PublishableImage } from "../oci/source.js";
import type { Project } from "../project.js";
import { assembleStage, type StageBuild } from "./build.js";
import { type FoundOut, resolveBuildArgs } from "./build-args.js";
import { type CiImageFiles, ownDockerfile, readCiImageFiles, toolsFile, toolsLock } from "./files.js";
import { type CiImage, describeTool } from "./image.js";
import { resolveInputs, summaryOf } from "./inputs.js";
import { lockedTool, requestedTool, stages } from "./tools.js";

/** A tool that is described but not built. */
export interface ToolPlan {
  name: string;
  image: CiImage;
  /** How it is built: found out when something asks for it. */
  build: () => Promise<StageBuild>;
  /** Builds it for all platforms, once, as it is to be published. */
  assemble: () => Promise<PublishableImage>;
}

interface ToolPlanning {
  githubToken?: Secret | undefined;
  /** Of the CI image that has a stage for tools, where they are known already. */
  known?: { files: CiImageFiles; inputs: FoundOut };
}

/** Plans tools as images of their own, from the versions of the project's mise configuration. */
export async function planTools(
  project: Project,
  names: readonly string[],
  { githubToken, known }: ToolPlanning,
): Promise<ToolPlan[]> {
  const own = known === undefined ? await toolProject(project) : project;
  const settings = own.settings.ciImage;
  const files = known?.files ?? (await readCiImageFiles(own.source, settings));
  const summary = summaryOf({ ...settings, target: stages.tool }, files);
  let found = known === undefined ? undefined : Promise.resolve(known.inputs);
  const resolved = () => (found ??= resolveInputs(own, files, summary, githubToken));
  const miseVersion = names.includes("mise") ? (await resolved()).miseVersion : undefined;
  return names.map((name) => {
    const image = describe(name, settings, files, miseVersion);
    const build = async (): Promise<StageBuild> => ({
      image,
      dockerfile: settings.dockerfile,
      context: files.directory,
      target: stages.tool,
      buildArgs: resolveBuildArgs(settings, summary, { ...(await resolved()), tools: [name] }),
      transientArgs: [],
      isScratch: true,
    });
    let assembled: Promise<PublishableImage> | undefined;
    const assemble = async () => assembleStage(await build(), settings.compression, githubToken);
    return { name, image, build, assemble: () => (assembled ??= assemble()) };
  });
}

/** The project as its tools are built: by Slipway's own Dockerfile, where its own has no stage for them. */
async function toolProject(project: Project): Promise<Project> {
  const settings = project.settings.ciImage;
  const files = await readCiImageFiles(project.source, settings);
  if (summaryOf(settings, files).stages.includes(stages.tool)) return project;
  const source = project.source.filter({ exclude: [ownDockerfile] });
  const own = { ...settings, dockerfile: ownDockerfile, context: [], packages: [], buildArgs: {} };
  const { args } = summaryOf(own, await readCiImageFiles(source, own));
  // A base of another Dockerfile need not be Alpine.
  const shared = Object.entries(settings.buildArgs).filter(
    ([name]) => args.has(name) && name !== "BASE_IMAGE",
  );
  const ciImage = { ...own, buildArgs: Object.fromEntries(shared) };
  return { ...project, source, settings: { ...project.settings, ciImage } };
}

function describe(
  name: string,
  { buildArgs, platforms, dockerfile }: CiImageSettings,
  { content }: CiImageFiles,
  miseVersion: string | undefined,
): CiImage {
  const common = { name, dockerfile: content.get(dockerfile) ?? Buffer.alloc(0), buildArgs, platforms };
  // mise is no tool of its own configuration.
  if (name === "mise") return describeTool({ ...common, version: miseVersion ?? "", request: [] });
  const { key, version, inputs } = requestedTool(textOf(content, toolsFile) ?? "", name, toolsFile);
  const locked = lockedTool(textOf(content, toolsLock), key, toolsLock);
  return describeTool({ ...common, version, request: [key, inputs, locked] });
}

function textOf(content: CiImageFiles["content"], path: string): string | undefined {
  return content.get(path)?.toString("utf8");
}
