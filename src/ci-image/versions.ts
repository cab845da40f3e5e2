import type { Container } from "@dagger.io/dagger";
import { failureOf, runCommand } from "../command.js";
import type { Check } from "./check.js";
import type { RequestedTools } from "./tools.js";

type Tool = "alpine" | "go" | "mise" | keyof RequestedTools;

/**
 * Versions that a CI image claims to hold, without a leading v; of the others nothing is claimed. A leading part, such
 * as `3.23`, is enough.
 */
export type ExpectedVersions = Readonly<Partial<Record<Tool, string>>>;

interface VersionSource {
  name: string;
  command: string[];
  /** Finds the version, as its first group, in what the command prints. */
  pattern: RegExp;
}

const sources: Record<Tool, VersionSource> = {
  alpine: { name: "Alpine", command: ["cat", "/etc/alpine-release"], pattern: /^(\d+\.\d+\S*)$/m },
  go: { name: "Go", command: ["go", "version"], pattern: /^go version go(\S+)/m },
  mise: { name: "mise", command: ["mise", "--version"], pattern: /^(\d+\.\d+\.\d+\S*) /m },
  "golangci-lint": {
    name: "golangci-lint",
    command: ["golangci-lint", "version"],
    pattern: /^golangci-lint has version v?(\S+)/m,
  },
  goreleaser: {
    name: "GoReleaser",
    command: ["goreleaser", "--version"],
    pattern: /^GitVersion:\s+v?(\S+)/m,
  },
};

/** What is claimed of one of the tools; nothing where it is none of those. */
export function versionOf(versions: ExpectedVersions, name: string): ExpectedVersions {
  return Object.fromEntries(Object.entries(versions).filter(([tool]) => tool === name));
}

/** Asks every tool in the container for its version, all at once. */
export function checkVersions(container: Container, expected: ExpectedVersions): Promise<Check[]> {
  const claimed = (Object.keys(sources) as Tool[]).flatMap((tool) => {
    const version = expected[tool];
    return version === undefined ? [] : [[tool, version] as const];
  });
  return Promise.all(
    claimed.map(async ([tool, wanted]) => {
      const { name, command } = sources[tool];
      const result = await runCommand(container, command);
      const version = result.exitCode === 0 ? readVersion(tool, result.stdout) : undefined;
      return {
        name,
        expected: wanted,
        found: version ?? `${command.join(" ")}: ${failureOf(result)}`,
        ok: version !== undefined && isVersion(version, wanted),
      };
    }),
  );
}

/** The version in what a tool prints about itself; undefined where it prints something else. */
export function readVersion(tool: Tool, output: string): string | undefined {
  return sources[tool].pattern.exec(output)?.[1];
}

/** Whether a version is the expected one, or one of the expected release: 3.23.2 is 3.23, 3.230.1 is not. */
export function isVersion(version: string, expected: string): boolean {
  return version === expected || version.startsWith(`${expected}.`);
}
