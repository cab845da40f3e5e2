import { parse } from "smol-toml";
import { z } from "zod";
import { InputError, messageOf } from "../errors.js";

/** The stage of Slipway's Dockerfile that is one tool alone, and the one that is the CI image without any. */
export const stages = { tool: "tool", slim: "slim" } as const;

/** The tools that Slipway's jobs call, by the names of their programs. */
export const knownTools = ["mise", "golangci-lint", "goreleaser"] as const;

/** What a job calls beside go and git. `run` calls whatever its task does. */
export const toolsOfJobs = {
  test: [],
  lint: ["golangci-lint"],
  build: ["goreleaser"],
  ci: ["golangci-lint", "goreleaser"],
  run: knownTools,
} as const satisfies Record<string, readonly (typeof knownTools)[number][]>;

/**
 * What a job has whose programs the project chooses: the tasks of `run`, and what GoReleaser calls in a release, such as
 * syft. `named` are those of the settings.
 */
export function toolsWithNamed(job: keyof typeof toolsOfJobs, named: readonly string[]): readonly string[] {
  return [...new Set<string>([...toolsOfJobs[job], ...named])];
}

/** Where a tool lies, in its own image and in those that it is laid into. */
export function toolPath(name: string): string {
  return `/opt/slipway/${name}`;
}

/** Where mise finds what is installed of a tool. */
export function installsPath(name: string): string {
  return `${toolPath(name)}/installs`;
}

/** Exact versions, without a leading v, of the tools that the CI image installs through mise. */
export interface RequestedTools {
  "golangci-lint": string;
  goreleaser: string;
}

const named = ["go", "golangci-lint", "goreleaser"] as const;

/** Exact versions, without a leading v, of the tools that a configuration names. */
export type NamedTools = Partial<Record<(typeof named)[number], string>>;

// What mise takes as the version of a tool; of several, the first is the one in use.
const single = z.union([z.string(), z.object({ version: z.string() }).transform(({ version }) => version)]);
const request = z.union([
  single,
  z
    .array(single)
    .nonempty()
    .transform(([first]) => first),
]);

const config = z.looseObject({ tools: z.record(z.string(), z.unknown()).default({}) });

/** What a configuration asks for one tool. */
export interface ToolRequest {
  /** Its name there, with its backend. */
  key: string;
  /** Exact, without a leading v. */
  version: string;
  /** All that decides what mise installs for it: its entry, and what holds for all tools. */
  inputs: Record<string, unknown>;
}

/** Parts of a configuration that decide nothing about what is installed. */
const tasks = ["tasks", "task_config", "task_templates", "hooks", "watch_files", "min_version"];

const exactVersion = /^v?(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)$/;

/**
 * Reads the versions of golangci-lint and GoReleaser from a mise configuration, whatever backend it names them
 * with. They are verified in the image, so a version that mise would resolve, such as `latest`, is an InputError.
 */
export function requestedTools(configToml: string, file = ".mise/config.toml"): RequestedTools {
  return {
    "golangci-lint": requestedTool(configToml, "golangci-lint", file).version,
    goreleaser: requestedTool(configToml, "goreleaser", file).version,
  };
}

/** Reads what a mise configuration asks for a tool, by the last part of its name there. */
export function requestedTool(configToml: string, name: string, file = ".mise/config.toml"): ToolRequest {
  const { tools, ...rest } = parseConfig(configToml, file);
  const { key, version } = requestedVersion(tools, name, file);
  return { key, version, inputs: { ...withoutTasks(rest), tools: { [key]: tools[key] } } };
}

/** A mise configuration as far as it decides what is installed. */
export function installedBy(configToml: string, file = ".mise/config.toml"): Record<string, unknown> {
  return withoutTasks(parseConfig(configToml, file));
}

/** What a lock file of mise holds of a tool; undefined where there is no file. */
export function lockedTool(lockToml: string | undefined, key: string, file = ".mise/mise.lock"): unknown {
  return lockToml === undefined ? undefined : (parseConfig(lockToml, file).tools[key] ?? null);
}

function withoutTasks(configuration: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(configuration).filter(([name]) => !tasks.includes(name)));
}

/**
 * What a mise configuration says of the tools that a Dockerfile of one's own may install by it: the exact versions of
 * those that it names. What mise would resolve is whatever it was when the image was built.
 */
export function namedTools(configToml: string, file = ".mise/config.toml"): NamedTools {
  const { tools } = parseConfig(configToml, file);
  const versions = named.map((name) => {
    const [tool, ...others] = Object.keys(tools).filter((key) => keyOf(name).test(key));
    return [name, tool === undefined || others.length > 0 ? undefined : versionIn(tools[tool])] as const;
  });
  return Object.fromEntries(versions.filter(([, version]) => version !== undefined));
}

function parseConfig(configToml: string, file: string): z.output<typeof config> {
  let toml: unknown;
  try {
    toml = parse(configToml);
  } catch (error) {
    throw new InputError({ subject: file, expected: "TOML", given: messageOf(error).split("\n")[0] });
  }
  const parsed = config.safeParse(toml);
  if (parsed.success) return parsed.data;
  throw new InputError({ subject: `${file}: tools`, expected: "a table", given: toml });
}

function requestedVersion(
  tools: Record<string, unknown>,
  name: string,
  file: string,
): Pick<ToolRequest, "key" | "version"> {
  const key = keyOf(name);
  const found = Object.keys(tools).filter((tool) => key.test(tool));
  const [tool] = found;
  if (tool === undefined || found.length > 1)
    throw new InputError({
      subject: `${file}: [tools]`,
      expected: `one entry for ${name}`,
      given: found.length === 0 ? undefined : found.join(", "),
      fix:
        found.length === 0
          ? `Add it, as in ${name} = "1.2.3"`
          : "Keep the one that the CI image is to install",
    });
  const version = versionIn(tools[tool]);
  if (version !== undefined) return { key: tool, version };
  throw new InputError({
    subject: `${file}: tools.${JSON.stringify(tool)}`,
    expected: "an exact version as in 1.2.3",
    given: tools[tool],
    fix: "Name the version in full: the CI image is verified against it",
  });
}

/** The rule by which Dockerfile.ci finds a tool: `goreleaser`, `aqua:goreleaser/goreleaser`, `go:…/goreleaser/v2`. */
function keyOf(name: string): RegExp {
  return new RegExp(`(^|[:/])${name.replaceAll(".", "\\.")}(/v[0-9]+)?$`);
}

function versionIn(requested: unknown): string | undefined {
  return exactVersion.exec(request.safeParse(requested).data ?? "")?.[1];
}
