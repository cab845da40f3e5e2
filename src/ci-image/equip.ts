import type { Container, Directory, Secret } from "@dagger.io/dagger";
import { runCommand } from "../command.js";
import { messageOf, SlipwayError } from "../errors.js";
import { log } from "../log.js";
import type { Project } from "../project.js";
import { RegistryClient } from "../registry/client.js";
import {
  distinctRepositories,
  formatReference,
  parseReference,
  type Repository,
} from "../registry/reference.js";
import type { RetryPolicy } from "../registry/retry.js";
import { buildStage } from "./build.js";
import type { CiImage } from "./image.js";
import { choosePlatform } from "./plan.js";
import { type Existence, probe } from "./publish.js";
import { requireSigned } from "./required-signature.js";
import { planTools, type ToolPlan } from "./tool-plan.js";
import { toolPath } from "./tools.js";

// A registry that does not answer is no reason to wait: what it has can be built.
const lookRetry: RetryPolicy = { attempts: 2, baseDelay: 1_000, maxDelay: 1_000 };

/** A tool as it is laid into an image. */
export interface ToolFiles {
  name: string;
  directory: Directory;
}

/** What a job asks of its image. */
export interface Equipment {
  /** Names of tools. */
  tools: readonly string[];
  /** Tools that are planned already. */
  planned?: readonly ToolPlan[];
  /** Takes no tool that is published: every job that may push to a repository could have made it. */
  isolated?: boolean;
  /** Reference of the CI image, where it is published: its repository may have the tools as well. */
  ciImage?: string | undefined;
  githubToken?: Secret | undefined;
}

/**
 * The image of a job with the tools that it lacks: each from its own image, where one of the repositories has it, else
 * built. An image of the project's own may have some of them inside; those stay.
 */
export async function equip(project: Project, image: Container, wanted: Equipment): Promise<Container> {
  const lacking = await lackingTools(image, wanted.tools);
  if (lacking.length === 0) return image;
  const planned = (wanted.planned ?? []).filter(({ name }) => lacking.includes(name));
  const plans = planned.length === lacking.length ? planned : await planTools(project, lacking, wanted);
  return layTools(image, await Promise.all(plans.map((plan) => toolFiles(project, plan, wanted))));
}

/** Lays tools into an image, beside all that it has; they are no part of it where it is exported or published. */
export function layTools(image: Container, tools: readonly ToolFiles[]): Container {
  const laid = tools.reduce(
    (container, { name, directory }) => container.withMountedDirectory(toolPath(name), directory),
    image,
  );
  const paths = tools.map(({ name }) => `:${toolPath(name)}/bin`).join("");
  return laid.withEnvVariable("PATH", `\${PATH}${paths}`, { expand: true });
}

/** The files of a tool, built for one platform. */
export async function builtTool(
  { name, build }: ToolPlan,
  platform: string,
  githubToken: Secret | undefined,
): Promise<ToolFiles> {
  return filesOf(name, await buildStage(await build(), platform, githubToken));
}

function filesOf(name: string, image: Container): ToolFiles {
  return { name, directory: image.directory(toolPath(name)) };
}

async function lackingTools(image: Container, names: readonly string[]): Promise<string[]> {
  if (names.length === 0) return [];
  const script = `for tool; do command -v "$tool" > /dev/null || test -e "${toolPath("$tool")}" || echo "$tool"; done`;
  const { exitCode, stdout } = await runCommand(await image.sync(), ["sh", "-c", script, "sh", ...names]);
  // An image without a shell is asked nothing; what it lacks shows where it is called.
  return exitCode === 0 ? stdout.split("\n").filter((line) => line !== "") : [];
}

async function toolFiles(project: Project, plan: ToolPlan, wanted: Equipment): Promise<ToolFiles> {
  const client = new RegistryClient({ ...project.registries, readRetry: lookRetry });
  const repositories = wanted.isolated === true ? [] : repositoriesOf(project, wanted);
  const published = await findTool(client, repositories, plan.image);
  const signed = published && (await ifSigned(project, published));
  const platform = choosePlatform(plan.image);
  if (signed !== undefined) return filesOf(plan.name, project.pull(signed, platform));
  return builtTool(plan, platform, wanted.githubToken);
}

/** What nobody signed who should have is built: that needs nobody's word. */
async function ifSigned(project: Project, published: string): Promise<string | undefined> {
  try {
    return await requireSigned(project, published);
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
    log(error.message);
    return undefined;
  }
}

function repositoriesOf({ settings }: Project, { ciImage }: Equipment): readonly Repository[] {
  const own = ciImage ? [parseReference(ciImage, "--ci-image")] : [];
  const all = [...own.map(({ registry, path }) => ({ registry, path })), ...settings.ciImage.repositories];
  return distinctRepositories(all);
}

/** The reference of a published tool by digest; whatever keeps it from being read is a reason to build it. */
export async function findTool(
  client: RegistryClient,
  repositories: readonly Repository[],
  image: CiImage,
): Promise<string | undefined> {
  for (const repository of repositories) {
    const found = await look(client, repository, image);
    if (found.state === "exists") return formatReference(repository, found.image.digest);
    if (found.state === "unknown") log(`${image.tag}: ${messageOf(found.error)}`);
  }
  return undefined;
}

async function look(client: RegistryClient, repository: Repository, image: CiImage): Promise<Existence> {
  try {
    return await probe(client, repository, image);
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
    log(error.message);
    return { state: "absent" };
  }
}
