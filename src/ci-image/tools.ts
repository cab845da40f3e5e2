import { parse } from "smol-toml";
import { z } from "zod";
import { InputError, messageOf } from "../errors.js";

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

const config = z.object({ tools: z.record(z.string(), z.unknown()).default({}) });

const exactVersion = /^v?(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)$/;

/**
 * Reads the versions of golangci-lint and GoReleaser from a mise configuration, whatever backend it names them
 * with. They are verified in the image, so a version that mise would resolve, such as `latest`, is an InputError.
 */
export function requestedTools(configToml: string, file = ".mise/config.toml"): RequestedTools {
  const { tools } = parseConfig(configToml, file);
  return {
    "golangci-lint": requestedVersion(tools, "golangci-lint", file),
    goreleaser: requestedVersion(tools, "goreleaser", file),
  };
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

function requestedVersion(tools: Record<string, unknown>, name: string, file: string): string {
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
  if (version !== undefined) return version;
  throw new InputError({
    subject: `${file}: tools.${JSON.stringify(tool)}`,
    expected: "an exact version as in 1.2.3",
    given: tools[tool],
    fix: "Name the version in full: the CI image is verified against it",
  });
}

/** The rule by which Dockerfile.ci finds a tool: `goreleaser`, `aqua:goreleaser/goreleaser`, `go:…/goreleaser/v2`. */
function keyOf(name: string): RegExp {
  return new RegExp(`(^|[:/])${name}(/v[0-9]+)?$`);
}

function versionIn(requested: unknown): string | undefined {
  return exactVersion.exec(request.safeParse(requested).data ?? "")?.[1];
}
