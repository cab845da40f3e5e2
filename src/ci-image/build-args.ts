import type { CiImageSettings } from "../config.js";
import type { DockerfileSummary } from "../dockerfile/dockerfile.js";
import { InputError } from "../errors.js";

/** An image that a stage starts from. */
export interface PinnedBase {
  /** As the Dockerfile or the settings name it. */
  wanted: string;
  /** The same with its digest. */
  pinned: string;
}

/** What was found out about the image that is to be built. */
export interface FoundOut {
  bases: readonly PinnedBase[];
  /** Absent where the Dockerfile takes none. */
  miseVersion: string | undefined;
  /** Tools to install; absent where the Dockerfile says which. */
  tools?: readonly string[] | undefined;
}

/** Build arguments that settings of their own stand for. */
const reserved: Readonly<Record<string, string>> = {
  MISE_VERSION: "ciImage.mise.version",
  MISE_SHA256_AMD64: "ciImage.mise.sha256",
  MISE_SHA256_ARM64: "ciImage.mise.sha256",
  PACKAGES: "ciImage.packages",
  TOOLS: "ciImage.tools",
};

/** The build arguments of a CI image, those of the settings and Slipway's own, as far as its Dockerfile declares them. */
export function resolveBuildArgs(
  { buildArgs, dockerfile, mise, packages }: CiImageSettings,
  { args }: Pick<DockerfileSummary, "args">,
  { bases, miseVersion, tools }: FoundOut,
): Record<string, string> {
  const other = Object.keys(buildArgs).filter((name) => Object.hasOwn(reserved, name));
  if (other.length > 0)
    throw new InputError({
      subject: "slipway.json: ciImage.buildArgs",
      expected: "no argument that a setting of its own stands for",
      given: other.join(", "),
      fix: `Set ${other.map((name) => reserved[name]).join(", ")}`,
    });
  const undeclared = Object.keys(buildArgs).filter((name) => !args.has(name));
  if (undeclared.length > 0)
    throw new InputError({
      subject: "slipway.json: ciImage.buildArgs",
      expected: `only arguments that ${dockerfile} declares (${[...args.keys()].join(", ") || "none"})`,
      given: undeclared.join(", "),
      fix: `Declare it there, as in ARG ${undeclared[0]}, or leave it out`,
    });
  if (packages.length > 0 && !args.has("PACKAGES"))
    throw new InputError({
      subject: "slipway.json: ciImage.packages",
      expected: `none, since ${dockerfile} declares no ARG PACKAGES that would take them`,
      given: packages,
      fix: "Install them in that Dockerfile, or remove it for Slipway's own",
    });
  const wantedBase = buildArgs.BASE_IMAGE ?? args.get("BASE_IMAGE");
  const own = {
    BASE_IMAGE: bases.find(({ wanted }) => wanted === wantedBase)?.pinned ?? wantedBase,
    MISE_VERSION: miseVersion,
    MISE_SHA256_AMD64: mise.sha256["linux/amd64"],
    MISE_SHA256_ARM64: mise.sha256["linux/arm64"],
    PACKAGES: packages.length === 0 ? undefined : packages.join(" "),
    TOOLS: tools?.join(" "),
  };
  const given = Object.entries({ ...buildArgs, ...own }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && args.has(entry[0]),
  );
  return Object.fromEntries(given);
}
