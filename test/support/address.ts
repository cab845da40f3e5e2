import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./root.js";

/** Where Slipway is published, and as which version. */
export interface Address {
  /** `acme/slipway`, at GitHub. */
  repository: string;
  /** `0.1.0`, whose git tag is `v0.1.0`. */
  version: string;
}

/** How the address is written: of the module, of a workflow, of a GitLab component, and of a file at its tag. */
const mention =
  /[\w.-]+\/slipway(@v|\/\.github\/workflows\/[\w.-]+@(?:refs\/tags\/)?v|\/pipeline@|\/v)\d+\.\d+\.\d+(?:-[\w.]+)?/g;

const places = [
  "*.md",
  "docs/*.md",
  "templates/*.yml",
  ".github/workflows/*.yml",
  "examples/*.md",
  "examples/*/{,*/}*.{md,json}",
  "examples/*/.gitlab-ci.yml",
  "examples/*/.github/workflows/*.yml",
  "src/**/*.ts",
  "test/**/*.test.ts",
];

/** The one place that says it: `repository` and `version` of package.json. */
export const address: Address = parseAddress(readFileSync(join(root, "package.json"), "utf8"));

/** The files that name the address. `npm run generate` writes it there. */
export function filesWithAddress(): string[] {
  return places
    .flatMap((pattern) => globSync(pattern, { cwd: root }))
    .filter((path) => mentionsIn(readFileSync(join(root, path), "utf8")).length > 0)
    .sort();
}

/** Every mention of an address of Slipway. */
export function mentionsIn(text: string): string[] {
  return text.match(mention) ?? [];
}

/** The text with the address in place of what it names. */
export function withAddress(text: string, { repository, version }: Address = address): string {
  return text.replace(mention, (_, form) => `${repository}${form}${version}`);
}

function parseAddress(text: string): Address {
  const { repository, version } = JSON.parse(text) as { repository: string; version: string };
  return { repository: repository.replace("https://github.com/", ""), version };
}
