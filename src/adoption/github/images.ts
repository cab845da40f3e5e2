import { commonTexts } from "../common-texts.js";
import type { Draft, DraftImage } from "../draft.js";
import { type Note, publisherOf, type Remark } from "../note.js";
import { action, publishesImages, StepReader, type WorkflowSurroundings } from "./build-step.js";
import { combinationsOf } from "./matrix.js";
import { parseWorkflow, type Workflow } from "./workflow.js";

/** Reads what a workflow publishes with docker/build-push-action; no images where it publishes none. */
export function readWorkflow(yaml: string, file: string, surroundings: WorkflowSurroundings): Draft {
  const workflow = parseWorkflow(yaml, file);
  const notes: Note[] = [];
  const remark: Remark = (kind, what, why) => notes.push({ kind, file, what, why });
  let majorZero = true;
  const images = [...workflow.jobs].flatMap(([name, job]) =>
    combinationsOf(job).flatMap((matrix) =>
      job.steps.flatMap((step): DraftImage[] => {
        if (action.bake.test(step.uses ?? ""))
          remark("left-out", `${name}: docker/bake-action`, "its targets are not read");
        if (!action.build.test(step.uses ?? "")) return [];
        const reader = new StepReader(workflow, name, job, step, matrix, surroundings, remark);
        const image = reader.image();
        majorZero &&= reader.majorZero;
        return image === undefined ? [] : [image];
      }),
    ),
  );
  const steps =
    images.length > 0 || notes.some(({ kind }) => kind === "left-out") ? publishingSteps(workflow) : [];
  return {
    images: joined(images, remark),
    archNames: {},
    preReleases: images.some(namesVersions),
    majorZero,
    notes: [...notes, ...publisherOf(file, steps.join(", "))],
  };
}

/** The steps that publish, each with its job. */
function publishingSteps({ jobs }: Workflow): string[] {
  return [...jobs].flatMap(([name, { steps }]) => {
    const used = steps.filter(publishesImages).map(({ uses }) => uses?.split("@")[0]);
    return [...new Set(used)].map((action) => `${name}: ${action}`);
  });
}

/** Images of a matrix that differ in their platform alone are one, and so are those of one Dockerfile under the same tags. */
function joined(images: readonly DraftImage[], remark: Remark): DraftImage[] {
  const same = Map.groupBy(images, ({ build: { dockerfile, target }, repositories }) =>
    JSON.stringify([dockerfile, target, repositories]),
  );
  return [...same.values()].flatMap((members) => {
    const [first] = members;
    if (first === undefined) return [];
    const build = {
      ...first.build,
      ...commonTexts(
        members.map((member) => member.build),
        { buildArgs: "build-args", labels: "labels", annotations: "annotations" },
        remark,
      ),
    };
    return [{ ...first, build, platforms: [...new Set(members.flatMap(({ platforms }) => platforms))] }];
  });
}

const ofVersions = /\{(version|tag|major|minor|patch)\}/;

function namesVersions({ repositories }: DraftImage): boolean {
  return repositories.some(({ tags }) => tags.some(({ text }) => ofVersions.test(text)));
}
