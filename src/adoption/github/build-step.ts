import { messageOf } from "../../errors.js";
import type { Origin } from "../../forge/origin.js";
import { parseRepository } from "../../registry/reference.js";
import { flagOfInput, noteFlag } from "../build-flags.js";
import type { DraftImage, DraftRepository, DraftTag } from "../draft.js";
import { platform } from "../goreleaser/platform.js";
import { NoEquivalent, type Remark } from "../note.js";
import { asTag, asValue } from "../symbolic-text.js";
import { narrowed, readCondition, type Scope, translateText } from "./expression.js";
import { attributesOf, linesOf } from "./input-lines.js";
import { readMetadata } from "./metadata-action.js";
import type { Job, Step, Triggers, Workflow } from "./workflow.js";

/** What is known beside a workflow. */
export interface WorkflowSurroundings {
  origin?: Origin | undefined;
  isMain: (branch: string) => boolean;
}

/** Inputs of docker/build-push-action that are read. */
const readInputs = [
  "annotations",
  "build-args",
  "context",
  "file",
  "labels",
  "outputs",
  "platforms",
  "push",
  "tags",
  "target",
];

/** Actions of Docker, as a step names them. */
export const action = {
  build: /^docker\/build-push-action(@|$)/,
  // Its name before it was Docker's; version 1 had other inputs.
  metadata: /^(docker\/metadata-action(@|$)|crazy-max\/ghaction-docker-meta(?!@v1\b)(@|$))/,
  bake: /^docker\/bake-action(@|$)/,
};

/** Whether a step publishes images with an action of Docker. */
export function publishesImages({ uses }: Pick<Step, "uses">): boolean {
  return action.build.test(uses ?? "") || action.bake.test(uses ?? "");
}

/** One step of docker/build-push-action, in one combination of its matrix. */
export class StepReader {
  majorZero = true;

  constructor(
    private readonly workflow: Workflow,
    private readonly name: string,
    private readonly job: Job,
    private readonly step: Step,
    private readonly matrix: ReadonlyMap<string, string>,
    private readonly surroundings: WorkflowSurroundings,
    private readonly remark: Remark,
  ) {}

  image(): DraftImage | undefined {
    try {
      if (!this.pushes()) return undefined;
      const repositories = this.repositories();
      if (repositories.every(({ tags }) => tags.length === 0)) {
        this.notePlatforms();
        return undefined;
      }
      this.noteInputs();
      return { repositories, platforms: this.platforms(), build: this.build() };
    } catch (error) {
      if (!(error instanceof NoEquivalent)) throw error;
      this.remark("left-out", `${this.name}: docker/build-push-action`, error.message);
      this.notePlatforms();
      return undefined;
    }
  }

  /** Platforms go with the image that they are of, and who writes that by hand has to know of them. */
  private notePlatforms(): void {
    const given = this.input("platforms").replace(
      /\$\{\{\s*matrix\.([\w.-]+)\s*\}\}/g,
      (whole, key: string) => this.matrix.get(key) ?? whole,
    );
    const platforms = given
      .split(/[\s,]+/)
      .filter(Boolean)
      .join(", ");
    if (platforms !== "" && !platforms.includes("${{"))
      this.remark(
        "left-out",
        `${this.name}: platforms: ${platforms}`,
        "the image that they are of is not known from the files: release.platforms has them, where they are not linux/amd64 and linux/arm64",
      );
  }

  /** Whether the step publishes; what decides that otherwise is a condition of the pipeline. */
  private pushes(): boolean {
    const push = this.input("push");
    if (/push=true|type=registry/.test(this.input("outputs"))) return true;
    if (push === "") return false;
    return readCondition(push, this.surroundings.isMain)?.when !== "never";
  }

  private repositories(): DraftRepository[] {
    const given = this.input("tags");
    const isByDigest = this.input("outputs").includes("push-by-digest=true");
    const steps = this.metadataSteps(given, isByDigest);
    if (steps.length > 0) return steps.flatMap(({ step, job }) => this.metadataRepositories(step, job));
    if (/steps\.[\w-]+\.outputs/.test(given))
      throw new NoEquivalent(`its tags are made by another step: ${given}`);
    if (isByDigest && given === "")
      throw new NoEquivalent(
        "it pushes by digest, and a script gives the digests their tags: name its repositories in release.repositories, and its tags in release.tags",
      );
    return this.listed(given);
  }

  /** The steps of docker/metadata-action that make the tags: those that are named, or those of the job that joins digests. */
  private metadataSteps(given: string, isByDigest: boolean): { step: Step; job: Job }[] {
    const inJob = (job: Job) =>
      job.steps.filter(({ uses }) => action.metadata.test(uses ?? "")).map((step) => ({ step, job }));
    if (isByDigest) {
      const following = [...this.workflow.jobs.values()].filter(({ needs }) => needs.includes(this.name));
      const joining = following.flatMap(inJob);
      if (joining.length > 0) return joining;
    }
    const named = [...given.matchAll(/steps\.([\w-]+)\.outputs\.tags/g)].map(([, id]) => id);
    if (named.length > 0 && /&&|\|\|/.test(given))
      throw new NoEquivalent(`a condition decides about its tags: ${given}`);
    return inJob(this.job).filter(
      ({ step }) => (isByDigest && named.length === 0) || named.includes(step.id ?? ""),
    );
  }

  private metadataRepositories(step: Step, job: Job): DraftRepository[] {
    const scope = this.scope(step, job);
    const input = (name: string) => this.spread(step.with.get(name) ?? "", scope);
    const read = readMetadata({ tags: input("tags"), flavor: input("flavor") }, scope, this.remark);
    this.majorZero &&= read.majorZero;
    const images = linesOf(input("images")).flatMap((line) =>
      line.includes("=") ? [line] : line.split(","),
    );
    return images.flatMap((line) => {
      const { name, value, enable = "true" } = attributesOf(line);
      const condition = readCondition(enable, scope.isMain);
      if (condition?.when === "never") return [];
      return this.attempt(line, () => ({
        repository: repositoryIn(name ?? value ?? "", scope),
        tags: read.tags,
      }));
    });
  }

  /** Tags that are written in full. */
  private listed(given: string): DraftRepository[] {
    const scope = this.scope(this.step, this.job);
    const { triggers } = scope;
    const references = linesOf(linesAtCommas(given));
    const read = references.flatMap((line) =>
      this.attempt(line, () => {
        const text = asTag(translateText(line, scope));
        const colon = text.lastIndexOf(":");
        const hasTag = colon > text.lastIndexOf("/");
        return {
          repository: repositoryIn(hasTag ? text.slice(0, colon) : text, scope),
          tags: readMetadata(
            {
              tags: `type=raw,value=${hasTag ? text.slice(colon + 1) : "latest"}`,
              flavor: "latest=false",
            },
            { ...scope, triggers },
            this.remark,
          ).tags,
        };
      }),
    );
    return [...Map.groupBy(read, ({ repository }) => repository)].map(([repository, same]) => ({
      repository,
      tags: same.flatMap(({ tags }): readonly DraftTag[] => tags),
    }));
  }

  /** Inputs that have no place in the settings. */
  private noteInputs(): void {
    for (const [name, value] of this.step.with)
      if (!readInputs.includes(name))
        noteFlag(flagOfInput(name), value, `${name}: ${value.split("\n")[0]}`, this.remark);
  }

  private platforms(): string[] {
    const given = asTag(translateText(this.input("platforms"), this.scope(this.step, this.job)));
    if (given === "") return ["linux/amd64"];
    return given
      .split(/[,\n]/)
      .map((text) => text.trim())
      .filter(Boolean)
      .map(platform);
  }

  private build(): DraftImage["build"] {
    const scope = this.scope(this.step, this.job);
    const fixed = (name: string) => asTag(translateText(this.input(name), scope));
    const context = fixed("context").replace(/^\.\/|\/+$/g, "");
    if (!["", ".", "{defaultContext}"].includes(context))
      throw new NoEquivalent(
        `its build context is ${context}: call Slipway with --source ${context}, whose slipway.json is there`,
      );
    const target = fixed("target");
    return {
      dockerfile: fixed("file").replace(/^\.\//, "") || "Dockerfile",
      ...(target === "" ? {} : { target }),
      ids: [],
      buildArgs: this.pairs(this.input("build-args"), "build-args"),
      labels: this.described("labels"),
      annotations: this.described("annotations"),
    };
  }

  /** Labels or annotations, those of docker/metadata-action included. */
  private described(kind: "labels" | "annotations"): Record<string, string> {
    const given = this.input(kind);
    const ids = [...given.matchAll(/steps\.([\w-]+)\.outputs/g)].map(([, id]) => id ?? "");
    const own = linesOf(given)
      .filter((line) => !/steps\.[\w-]+\.outputs/.test(line))
      .join("\n");
    const steps = this.job.steps.filter(
      ({ id, uses }) => ids.includes(id ?? "") && action.metadata.test(uses ?? ""),
    );
    const made = steps.flatMap((step) => [
      ...Object.entries(this.metadataLabels()),
      ...Object.entries(this.pairs(step.with.get(kind) ?? "", kind)),
    ]);
    return { ...Object.fromEntries(made), ...this.pairs(own, kind) };
  }

  /** What starts the workflow, as far as the step runs for it. */
  private triggers(conditions: readonly (string | undefined)[]): Triggers {
    const { isMain } = this.surroundings;
    let { triggers } = this.workflow;
    for (const text of new Set(conditions)) {
      if (text === undefined) continue;
      const condition = readCondition(text, isMain);
      if (condition === undefined)
        this.remark(
          "differs",
          `${this.name}: if: ${text}`,
          "that condition is one of the pipeline, which calls release or does not",
        );
      const narrow = narrowed(triggers, condition?.when ?? "always", isMain);
      if (narrow === undefined) throw new NoEquivalent(`it never runs for a version or a branch: ${text}`);
      triggers = narrow;
    }
    return triggers;
  }

  private metadataLabels(): Record<string, string> {
    const { origin } = this.surroundings;
    const key = (name: string) => `org.opencontainers.image.${name}`;
    return {
      ...(origin === undefined
        ? {}
        : { [key("title")]: origin.name, [key("url")]: origin.url, [key("source")]: origin.url }),
      [key("version")]: "{version}",
      [key("revision")]: "{revision}",
      [key("created")]: "{created}",
    };
  }

  private pairs(text: string, what: string): Record<string, string> {
    const scope = this.scope(this.step, this.job);
    const found = linesOf(text).flatMap((line) => {
      const [name = "", ...rest] = line.split("=");
      if (rest.length === 0) {
        this.remark("left-out", `${what}: ${line}`, "it has no value that is written there");
        return [];
      }
      return this.attempt(`${what}: ${line}`, (): [string, string] => [
        name.trim(),
        asValue(translateText(rest.join("="), scope)),
      ]);
    });
    return Object.fromEntries(found);
  }

  private attempt<T>(what: string, read: () => T): T[] {
    try {
      return [read()];
    } catch (error) {
      if (!(error instanceof NoEquivalent)) throw error;
      this.remark("left-out", what, error.message);
      return [];
    }
  }

  private input(name: string): string {
    return (this.step.with.get(name) ?? "").trim();
  }

  /** An input that is one variable or one value of the matrix stands for its text. */
  private spread(text: string, scope: Scope): string {
    const [, context, key = ""] = /^\$\{\{\s*(env|matrix)\.([\w.-]+)\s*\}\}$/.exec(text.trim()) ?? [];
    if (context === undefined) return text;
    return (context === "env" ? scope.env : scope.matrix).get(key) ?? text;
  }

  private scope(step: Step, job: Job): Scope {
    const metadata = job.steps
      .filter(({ uses }) => action.metadata.test(uses ?? ""))
      .map(({ id }) => id ?? "");
    return {
      ...this.surroundings,
      triggers: this.triggers([this.job.if, this.step.if, job.if, step.if]),
      env: { get: (key) => step.env.get(key) ?? job.env.get(key) ?? this.workflow.env.get(key) },
      matrix: this.matrix,
      metadata: new Set(metadata),
    };
  }
}

/** A line for each part between commas; those inside of an expression separate none. */
function linesAtCommas(text: string): string {
  let lines = "";
  let at = 0;
  while (at < text.length) {
    const end = text.startsWith("{{", at) ? text.indexOf("}}", at) : -1;
    // What opens and does not close is text to its end.
    const next = text.startsWith("{{", at) ? (end < 0 ? text.length : end + 2) : at + 1;
    lines += next === at + 1 && text[at] === "," ? "\n" : text.slice(at, next);
    at = next;
  }
  return lines;
}

function repositoryIn(text: string, scope: Scope): string {
  const name = asTag(translateText(text.trim(), scope)).toLowerCase();
  try {
    const { registry, path } = parseRepository(name);
    if (/^localhost(:|$)/.test(registry)) throw new NoEquivalent("it is a registry of the job itself");
    return `${registry}/${path}`;
  } catch (error) {
    throw new NoEquivalent(messageOf(error).replace(/\.$/, ""));
  }
}
