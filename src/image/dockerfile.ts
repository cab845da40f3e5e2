import { DockerfileParser } from "dockerfile-ast";

/** What is read of a Dockerfile without building it. */
export interface DockerfileSummary {
  /** Declared build arguments with their first default; undefined where there is none. */
  args: ReadonlyMap<string, string | undefined>;
  /** Image reference of the first FROM as it is written; empty where there is no FROM. */
  base: string;
}

/** Reads the declared build arguments and the base of a Dockerfile. */
export function summarizeDockerfile(text: string): DockerfileSummary {
  const dockerfile = DockerfileParser.parse(text);
  const args = new Map<string, string | undefined>();
  for (const instruction of dockerfile.getARGs()) {
    const property = instruction.getProperty();
    if (property === null) continue;
    args.set(property.getName(), args.get(property.getName()) ?? property.getValue() ?? undefined);
  }
  return { args, base: dockerfile.getFROMs()[0]?.getImage() ?? "" };
}
