import type { BaseImage } from "../layer/base.js";
import { readBaseFiles } from "../layer/base-files.js";
import { extractStored } from "../layer/extract.js";
import { FileTree } from "../layer/file-tree.js";
import { createLayer, type Layer } from "../layer/layer.js";
import { type ContainerConfig, formatConfiguration, type HistoryEntry } from "../oci/configuration.js";
import { digestOf } from "../oci/manifest.js";
import type { ImagePlatform } from "../oci/platform.js";
import { requireLayerCount } from "../oci/stored-layer.js";
import { formatTime } from "../oci/time.js";
import type { BuildTarget } from "./build-arguments.js";
import { describeStages, remarksOfImage, type StageDescription } from "./description.js";
import type { Dockerfile } from "./dockerfile.js";
import { applyChange } from "./file-changes.js";
import { scratch } from "./from.js";
import { type Instruction, unsupported } from "./instruction.js";
import type { CopyRoot } from "./sources.js";
import { type ImageOrigin, imageKey, imagesOf, type Origin } from "./stages.js";

/** Opens an image that a stage starts from, or that COPY --from names. */
export type OpenImage = (reference: string, platform: ImagePlatform) => Promise<BaseImage>;

/** Everything that decides what one platform of an image is. */
export interface Assembly {
  dockerfile: Dockerfile;
  /** The files that COPY may take. */
  context: CopyRoot;
  target: BuildTarget;
  openImage: OpenImage;
  /** SOURCE_DATE_EPOCH: seconds since 1970. */
  created: number;
  /** Labels that take the place of those of the Dockerfile, as `--label` gives them. */
  labels?: Readonly<Record<string, string>>;
  /** Directory for what is copied out of other images, until the image was published. */
  workspace: string;
  /** Looks at what was assembled; whatever it throws ends the assembly. */
  check?: ((config: ContainerConfig, files: FileTree) => Promise<void>) | undefined;
}

/** One platform of an image, before anything is compressed or sent. */
export interface AssembledVariant {
  platform: ImagePlatform;
  /** Digest of the configuration, which covers the uncompressed layers: the identity of the image. */
  imageId: string;
  config: Buffer;
  /** Layers on top of those of the base. */
  layers: Layer[];
  base?: BaseImage;
  /** What is to be known of it, a sentence each. */
  remarks: string[];
}

/**
 * What every history entry of an assembled layer says of its builder, where BuildKit writes
 * `buildkit.dockerfile.v0`. A label would make the configuration another one than `docker build` gives.
 */
export const builder = "slipway";

/** Label of an image that the engine built: the SHA-256 of its inputs, by which it is known. */
export const inputsLabel = "dev.slipway.release.inputs";

// Bytes, as trees count them: more than half a million files.
const maxMemory = 256 * 2 ** 20;

/** A stage as far as it is assembled. */
interface AssembledStage {
  description: StageDescription;
  tree: FileTree;
  base?: BaseImage;
  layers: Layer[];
  history: HistoryEntry[];
}

/** Assembles one platform: a layer for each instruction that changes files, as `docker build` has it. */
export async function assembleVariant(assembly: Assembly): Promise<AssembledVariant> {
  const { dockerfile, target, created, labels = {} } = assembly;
  const images = await openImages(assembly);
  const descriptions = describeStages(dockerfile, target, (image) => images.open(image).configuration.config);
  requireNoBuilder(descriptions);
  const stages = new Map<number, AssembledStage>();
  for (const description of descriptions)
    stages.set(description.index, await assembleStage(assembly, description, stages, images));
  const image = [...stages.values()].at(-1);
  if (image === undefined) throw new Error(`${dockerfile.name} has no stage.`);
  const { description, base, layers, history, tree } = image;
  await assembly.check?.(description.config, tree);
  const author = description.author ?? base?.configuration.author;
  const bytes = formatConfiguration({
    created: formatTime(created),
    ...(author === undefined ? {} : { author }),
    ...target.platform,
    config: labelled(description.config, labels),
    rootfs: {
      diff_ids: [...(base?.configuration.rootfs.diff_ids ?? []), ...layers.map(({ diffId }) => diffId)],
    },
    history,
  });
  return {
    platform: target.platform,
    imageId: digestOf(bytes),
    config: bytes,
    layers,
    ...(base === undefined ? {} : { base }),
    remarks: remarksOfImage(descriptions),
  };
}

/** What says which inputs a base has says nothing of an image that starts from it. */
function labelled({ Labels = {}, ...config }: ContainerConfig, given: Assembly["labels"]): ContainerConfig {
  const { [inputsLabel]: _, ...labels } = Labels;
  return { ...config, Labels: { ...labels, ...given } };
}

/** The first instruction of the image that runs something, in any stage that it needs, is an error. */
export function requireNoBuilder(stages: readonly StageDescription[]): void {
  for (const { instruction, change } of stages.flatMap(({ steps }) => steps))
    if (change?.kind === "run")
      throw unsupported(instruction, "instructions that copy files or describe the image");
}

async function assembleStage(
  assembly: Assembly,
  description: StageDescription,
  stages: ReadonlyMap<number, AssembledStage>,
  images: Images,
): Promise<AssembledStage> {
  const { context, created, workspace } = assembly;
  const stage = await startStage(description, stages, images);
  for (const { instruction, change, origin } of description.steps) {
    const root = origin === undefined ? context : await rootOf(origin, stages, images);
    if (change !== undefined) await applyChange(stage.tree, change, root, instruction);
    requireBounded([...stages.values(), stage], instruction);
    // Only the image has layers; of the other stages the files are all that is asked for.
    if (!description.inImage) continue;
    const changes = stage.tree.takeChanges();
    await extractStored(stage.tree, changes, workspace);
    const layer = await createLayer(stage.tree, changes, created, workspace);
    if (layer !== undefined) stage.layers.push(layer);
    requireLayerCount((stage.base?.layers.length ?? 0) + stage.layers.length, instruction.subject);
    stage.history.push({
      created: formatTime(created),
      created_by: instruction.text,
      comment: builder,
      empty_layer: layer === undefined,
    });
  }
  return stage;
}

/** A few stages that copy each other double their files with each. */
function requireBounded(stages: readonly AssembledStage[], instruction: Instruction): void {
  const memory = stages.reduce((sum, { tree }) => sum + tree.cost.memory, 0);
  if (memory > maxMemory) throw unsupported(instruction, "no more files in all stages than images have");
}

async function startStage(
  description: StageDescription,
  stages: ReadonlyMap<number, AssembledStage>,
  images: Images,
): Promise<AssembledStage> {
  const { base } = description;
  switch (base.kind) {
    case "scratch":
      return { description, tree: new FileTree(), layers: [], history: [] };
    case "image": {
      const image = images.open(base);
      const tree = await images.files(base);
      return { description, tree, base: image, layers: [], history: historyOf(image) };
    }
    case "stage": {
      const earlier = stages.get(base.index);
      if (earlier === undefined) throw new Error(`Stage ${base.index} is not assembled.`);
      const { tree, layers, history } = earlier;
      return { ...earlier, description, tree: tree.copy(), layers: [...layers], history: [...history] };
    }
  }
}

/** The files of a stage or an image, as COPY --from takes them. */
async function rootOf(
  origin: Origin,
  stages: ReadonlyMap<number, AssembledStage>,
  images: Images,
): Promise<CopyRoot> {
  const tree =
    origin.kind === "stage"
      ? stages.get(origin.index)?.tree
      : origin.kind === "image"
        ? await images.files(origin)
        : undefined;
  const name =
    origin.kind === "image" ? origin.reference : origin.kind === "stage" ? `stage ${origin.index}` : scratch;
  return {
    follow: (path) => tree?.follow(path),
    explain: (path) => ({
      expected: `${path} to be in ${name}, where --from takes it`,
      fix: "Check the path",
    }),
  };
}

/** The images that a platform is made of, each opened once and read only where its files matter. */
interface Images {
  open(image: ImageOrigin): BaseImage;
  /** Its files, in a tree of its own for whoever asks. */
  files(image: ImageOrigin): Promise<FileTree>;
}

async function openImages({ dockerfile, target, openImage }: Assembly): Promise<Images> {
  const opened = new Map<string, BaseImage>();
  const trees = new Map<string, Promise<FileTree>>();
  const open = (image: ImageOrigin): BaseImage => {
    const found = opened.get(imageKey(image));
    if (found === undefined) throw new Error(`${image.reference} is not opened.`);
    return found;
  };
  for (const image of imagesOf(dockerfile, target))
    opened.set(imageKey(image), await openImage(image.reference, image.platform));
  return {
    open,
    files: async (image) => {
      const tree = trees.get(imageKey(image)) ?? readBaseFiles(open(image));
      trees.set(imageKey(image), tree);
      return (await tree).copy();
    },
  };
}

/** The history of a base; one that does not account for its layers is replaced by an entry for each of them. */
function historyOf({ configuration: { history, rootfs } }: BaseImage): HistoryEntry[] {
  const layers = history.filter((entry) => entry.empty_layer !== true).length;
  if (layers === rootfs.diff_ids.length) return [...history];
  return rootfs.diff_ids.map(() => ({ created_by: "FROM" }));
}
