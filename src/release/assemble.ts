import { open } from "node:fs/promises";
import { imageMaterial, type Material } from "../attest/provenance.js";
import { type AssembledVariant, assembleVariant, type OpenImage } from "../dockerfile/assemble.js";
import { packImage } from "../dockerfile/pack.js";
import { imageKey, imagesOf } from "../dockerfile/stages.js";
import type { BaseImage } from "../layer/base.js";
import type { FileTree } from "../layer/file-tree.js";
import type { ContainerConfig } from "../oci/configuration.js";
import type { RegistryClient } from "../registry/client.js";
import { readBase } from "./base.js";
import { binaryMaterials } from "./binary-materials.js";
import type { BuiltRelease } from "./built.js";
import { checkProgram, type EngineBuild, programPaths } from "./engine-image.js";
import { imageIdsOf } from "./image-ids.js";
import { remarksOf } from "./remarks.js";
import type { StagedRelease } from "./stage.js";

export interface AssemblyOptions {
  /** Reads the base images. */
  client: RegistryClient;
  /** SOURCE_DATE_EPOCH: seconds since 1970, the time of every file and of the image. */
  sourceDateEpoch: number;
}

/**
 * Assembles all platforms of a release; images that it starts from or copies from are read from their registries. Its
 * layers are compressed into files, which have to stay until the image was published.
 */
export async function assembleRelease(
  staged: StagedRelease,
  { client, sourceDateEpoch }: AssemblyOptions,
): Promise<BuiltRelease> {
  const { dockerfile, builderNeeded, layers, targets, annotations, labels, format, compression } = staged;
  if (builderNeeded !== undefined) throw builderNeeded;
  if (dockerfile === undefined) throw new Error("The Dockerfile was not interpreted.");
  const variants: AssembledVariant[] = [];
  const opened: Material[] = [];
  const openImage = imageReader(client, opened);
  // One after the other: each has a tree of its own, and a base is read as a whole.
  for (const target of targets)
    variants.push(
      await assembleVariant({
        dockerfile,
        context: target.context,
        target,
        openImage,
        created: sourceDateEpoch,
        labels,
        workspace: layers,
        check: (config, files) =>
          checkStarted(config, files, { dockerfile: dockerfile.name, platform: target.platform }),
      }),
    );
  const bases = targets.flatMap((target) => imagesOf(dockerfile, target).map(({ reference }) => reference));
  return {
    origin: "slipway",
    image: imageIdsOf(variants),
    remarks: remarksOf(staged, { stages: variants.flatMap(({ remarks }) => remarks), bases }),
    materials: async () => [...opened, ...(await binaryMaterials(staged.binaries))],
    pack: () => packImage(variants, { annotations, format, compression, directory: layers }),
  };
}

/** As much of a program as says for which machine it is, and what loads it. */
const headerSize = 1 << 20;

/**
 * Holds the program that a container starts against the platform, wherever it was copied from: binaries that are passed
 * are checked before, files of the source are not. What a base has is its own.
 */
async function checkStarted(
  config: ContainerConfig,
  files: FileTree,
  build: Pick<EngineBuild, "dockerfile" | "platform">,
): Promise<void> {
  for (const path of programPaths(config)) {
    const found = files.locate(path)?.nodes.at(-1);
    if (found === undefined) continue;
    if (found.type === "file" && "path" in found.content) {
      const file = await open(found.content.path);
      try {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(headerSize), 0, headerSize, 0);
        const hasFile = async (loader: string) => files.locate(loader)?.nodes.at(-1) !== undefined;
        await checkProgram(buffer.subarray(0, bytesRead), path, build, hasFile);
      } finally {
        await file.close();
      }
    }
    return;
  }
}

/** Each image is opened once for a platform; `materials` is told of each. */
function imageReader(client: RegistryClient, materials: Material[]): OpenImage {
  const opened = new Map<string, Promise<BaseImage>>();
  const open: OpenImage = async (reference, platform) => {
    const image = await readBase(client, reference, platform);
    materials.push(imageMaterial(reference, image.digest, platform));
    return image;
  };
  return (reference, platform) => {
    const key = imageKey({ reference, platform });
    const image = opened.get(key) ?? open(reference, platform);
    opened.set(key, image);
    return image;
  };
}
