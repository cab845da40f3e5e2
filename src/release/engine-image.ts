import { posix } from "node:path";
import { type ElfProgram, parseElf } from "../binaries/elf.js";
import { builder, inputsLabel } from "../dockerfile/assemble.js";
import type { DockerfileSummary } from "../dockerfile/dockerfile.js";
import { scratch } from "../dockerfile/from.js";
import { InputError, VerificationError } from "../errors.js";
import { type ContainerConfig, formatConfiguration, parseConfiguration } from "../oci/configuration.js";
import type { StoredPlatform } from "../oci/join.js";
import { digestOf } from "../oci/manifest.js";
import { formatPlatform, type ImagePlatform, parsePlatform } from "../oci/platform.js";
import { formatTime } from "../oci/time.js";

/** What the engine was asked to build. */
export interface EngineBuild {
  /** For messages: path of the Dockerfile. */
  dockerfile: string;
  summary: Pick<DockerfileSummary, "base" | "transientArgs">;
  /** Names of the environment variables of the base. */
  inherited: readonly string[];
  platform: ImagePlatform;
  /** SOURCE_DATE_EPOCH: seconds since 1970. */
  created: number;
  /** Labels that take the place of those of the Dockerfile. */
  labels: Readonly<Record<string, string>>;
  /** SHA-256 of everything that decides what the image is. */
  inputs: string;
}

/**
 * What BUILDPLATFORM and its like are on a machine. Left to itself the engine gives them the platform that is built
 * for, and a stage that is to run on the machine would be emulated.
 */
export function machineArguments(platform: string): Record<string, string> {
  const { os, architecture, variant = "" } = parsePlatform(platform);
  return { BUILDPLATFORM: platform, BUILDOS: os, BUILDARCH: architecture, BUILDVARIANT: variant };
}

/**
 * What the engine built, with the configuration that `docker build` gives: the engine leaves build arguments of RUN
 * as environment variables, which those of the base win over, and says of what starts from `scratch` that it is for
 * its own platform. History and time are those of an assembled image, and a label has the digest of the inputs.
 */
export function finishPlatform(
  built: StoredPlatform,
  { dockerfile, summary, inherited, platform, created, labels, inputs }: EngineBuild,
): StoredPlatform {
  const subject = `${dockerfile} for ${formatPlatform(platform)}`;
  const { config, rootfs, ...rest } = parseConfiguration(built.config, subject);
  const found = formatPlatform({
    ...built.platform,
    variant: built.platform.variant ?? platform.variant ?? "",
  });
  if (summary.base !== scratch && found !== formatPlatform(platform))
    throw new VerificationError(
      `${subject}: the engine built an image for ${found}. Remove --platform from the last FROM, and see that ${summary.base} exists for ${formatPlatform(platform)}.`,
    );
  const time = formatTime(created);
  const added = summary.transientArgs.filter((name) => !inherited.includes(name));
  const bytes = formatConfiguration({
    ...rest,
    ...platform,
    created: time,
    config: {
      ...config,
      Env: withoutArguments(config.Env ?? [], added),
      Labels: { ...config.Labels, ...labels, [inputsLabel]: inputs },
    },
    rootfs,
    history: rootfs.diff_ids.map(() => ({
      created: time,
      created_by: `${dockerfile}, built by the engine`,
      comment: builder,
    })),
  });
  return { ...built, platform, config: bytes, imageId: digestOf(bytes) };
}

/** Where the program may lie that a container starts, the likeliest first: absolute paths. */
export function programPaths(config: ContainerConfig): string[] {
  const [program] = [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])];
  if (program === undefined) return [];
  if (program.includes("/")) return [posix.resolve("/", config.WorkingDir ?? "", program)];
  return searchPath(config).map((directory) => posix.join("/", directory, program));
}

/**
 * Holds a program against its image: the platform, and that the loader is there that it names. What is no ELF program,
 * as a script, says nothing.
 */
export async function checkProgram(
  content: Uint8Array,
  path: string,
  { dockerfile, platform }: Pick<EngineBuild, "dockerfile" | "platform">,
  hasFile: (path: string) => Promise<boolean>,
): Promise<void> {
  const program = readProgram(content, path);
  if (program === undefined) return;
  const subject = `${dockerfile} for ${formatPlatform(platform)}`;
  const { architecture, interpreter } = program;
  if (architecture !== platform.architecture)
    throw new VerificationError(
      `${subject}: expected ${path} to be a program for ${platform.architecture}, got one for ${architecture}. Compile it for TARGETARCH, as in GOARCH=$TARGETARCH.`,
    );
  if (interpreter !== undefined && !(await hasFile(interpreter)))
    throw new VerificationError(
      `${subject}: ${path} is loaded by ${interpreter}, which the image does not have. Link it statically, or for the C library of its base, or choose another base.`,
    );
}

function readProgram(content: Uint8Array, path: string): ElfProgram | undefined {
  try {
    return parseElf(content, path);
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

function withoutArguments(variables: readonly string[], names: readonly string[]): string[] {
  return variables.filter((variable) => !names.some((name) => variable.startsWith(`${name}=`)));
}

function searchPath({ Env = [] }: ContainerConfig): string[] {
  const path = Env.find((variable) => variable.startsWith("PATH="))?.slice("PATH=".length) ?? "";
  return path.split(":").filter((directory) => directory !== "");
}
