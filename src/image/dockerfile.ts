import { DockerfileParser } from "dockerfile-ast";

/** What is read of a Dockerfile without building it. */
export interface DockerfileSummary {
  /** Declared build arguments with their first default; undefined where there is none. */
  args: ReadonlyMap<string, string | undefined>;
  /** Instructions that make a layer, as they are written. */
  layers: readonly string[];
  /** Names that ENV sets. */
  env: ReadonlySet<string>;
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
  const env = new Set(
    dockerfile
      .getENVs()
      .flatMap((instruction) => instruction.getProperties().map((property) => property.getName())),
  );
  const layers = dockerfile
    .getInstructions()
    .filter((instruction) => ["RUN", "COPY", "ADD", "WORKDIR"].includes(instruction.getKeyword()))
    .map((instruction) => instruction.toString());
  return { args, env, layers, base: dockerfile.getFROMs()[0]?.getImage() ?? "" };
}
