import type { Container } from "@dagger.io/dagger";
import { z } from "zod";
import { InputError } from "../errors.js";
import { parseYaml } from "../yaml-document.js";

/** A program that GoReleaser calls once everything is built. */
export interface CalledProgram {
  /** The section of the configuration that asks for it. */
  section: string;
  program: string;
}

// What each calls, and for which artifacts, where the configuration does not say (goreleaser.com, "sbom", "sign").
const defaults = {
  sboms: { cmd: "syft", artifacts: "archive" },
  signs: { cmd: "gpg", artifacts: "none" },
  binary_signs: { cmd: "gpg", artifacts: "none" },
} as const;

const entry = z.looseObject({ cmd: z.string().optional(), artifacts: z.string().optional() });
const entries = z.array(entry);

/** The programs that the sections of a configuration call, as far as they call them in every release. */
export function calledPrograms(configured: string): CalledProgram[] {
  const sections = parseYaml(configured, ".goreleaser.yaml");
  return Object.entries(defaults).flatMap(([section, { cmd, artifacts }]) =>
    (entries.safeParse(sections[section]).data ?? [])
      .filter((given) => (given.artifacts ?? artifacts) !== "none" && !("if" in given || "disable" in given))
      .map((given) => ({ section, program: given.cmd ?? cmd }))
      .filter(({ program }) => /^[\w.+-]+$/.test(program)),
  );
}

const lookUp = 'for program; do command -v "$program" > /dev/null || echo "$program"; done';

/** Says before anything is built what would be missing after it. */
export async function requirePrograms(container: Container, called: readonly CalledProgram[]): Promise<void> {
  if (called.length === 0) return;
  const names = [...new Set(called.map(({ program }) => program))];
  const said = await container.withExec(["sh", "-c", lookUp, "sh", ...names]).stdout();
  const missing = called.find(({ program }) => said.split("\n").includes(program));
  if (missing === undefined) return;
  throw new InputError({
    subject: `.goreleaser.yaml: ${missing.section}`,
    expected: `${missing.program} in the CI image, which GoReleaser calls`,
    given: undefined,
    fix: `Name ${missing.program} in .mise/config.toml, and in ciImage.tools of slipway.json where the Dockerfile is Slipway's, or install it as a package`,
  });
}
