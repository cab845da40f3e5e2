import { type Arg, DockerfileParser, type From } from "dockerfile-ast";

/** What is read of a Dockerfile without building it. */
export interface DockerfileSummary {
  /** Declared build arguments with their first default; undefined where there is none. */
  args: ReadonlyMap<string, string | undefined>;
  /** Instructions of the last stage that make a layer, as they are written. */
  layers: readonly string[];
  /** Names that ENV sets. */
  env: ReadonlySet<string>;
  /** Images that stages start from, build arguments filled in: neither `scratch` nor an earlier stage. */
  bases: readonly string[];
}

const layerKeywords = ["RUN", "COPY", "ADD", "WORKDIR"];

/** Reads build arguments, bases and layers of a Dockerfile; `given` are arguments that win over the defaults. */
export function summarizeDockerfile(
  text: string,
  given: Readonly<Record<string, string>> = {},
): DockerfileSummary {
  const dockerfile = DockerfileParser.parse(text);
  const args = new Map<string, string | undefined>();
  for (const [name, value] of dockerfile.getARGs().flatMap(declarationsOf))
    args.set(name, args.get(name) ?? value);
  const stages = dockerfile.getFROMs();
  const lastStage = stages.at(-1)?.getRange().start.line ?? 0;
  return {
    args,
    env: new Set(
      dockerfile.getENVs().flatMap((env) => env.getProperties().map((property) => property.getName())),
    ),
    layers: dockerfile
      .getInstructions()
      .filter((instruction) => instruction.getRange().start.line > lastStage)
      .filter((instruction) => layerKeywords.includes(instruction.getKeyword()))
      .map((instruction) => instruction.toString()),
    bases: basesOf(stages, (name) => given[name] ?? args.get(name) ?? ""),
  };
}

/** The parser gives only the first of several arguments that one ARG declares as a property. */
function declarationsOf(instruction: Arg): [string, string | undefined][] {
  const declarations = (instruction.getArgumentsContent() ?? "").matchAll(
    /(\w+)(?:=("[^"]*"|'[^']*'|\S*))?/g,
  );
  return [...declarations].map(([, name = "", value]) => [name, value?.replace(/^(["'])(.*)\1$/, "$2")]);
}

function basesOf(stages: readonly From[], lookUp: (name: string) => string): string[] {
  const names = new Set(["scratch"]);
  return stages.flatMap((stage) => {
    const image = (stage.getImage() ?? "").replace(/\$(?:\{(\w+)\}|(\w+))/g, (_, braced, bare) =>
      lookUp(braced ?? bare),
    );
    const known = names.has(image);
    names.add(stage.getBuildStage() ?? "scratch");
    return known ? [] : [image];
  });
}
