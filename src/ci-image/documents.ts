import { dag } from "@dagger.io/dagger";
import type { ImageDocuments } from "../attest/image.js";
import { commitMaterial, fileMaterial, imageMaterial, type Material } from "../attest/provenance.js";
import { digestOf } from "../oci/manifest.js";
import type { Project } from "../project.js";
import { formatRepository, parseReference, type Repository } from "../registry/reference.js";
import type { Signing } from "../signing.js";
import type { CiImage } from "./image.js";
import type { CiImagePlan } from "./plan.js";

/** Says what is attached to the images that a call of publish-ci-image publishes. */
export type DocumentsOf = (image: CiImage) => ImageDocuments;

/** What is attached to a CI image and to the tools beside it: all are made of the same files and bases. */
export function ciImageDocuments(
  { settings: { attest, ciImage } }: Project,
  plan: CiImagePlan,
  [first]: readonly Repository[],
  { run, signer }: Signing,
): DocumentsOf {
  const startedOn = Date.now();
  const module = () => dag.currentModule().source().digest();
  const materials = [
    ...(run === undefined ? [] : [commitMaterial(run.commit, run.sourceRepository)]),
    ...materialsOf(plan),
  ];
  return ({ tag, platforms }) => {
    const parameters = { call: "publish-ci-image", tag, platforms, dockerfile: ciImage.dockerfile };
    return {
      name: first === undefined ? tag : formatRepository(first),
      sbom: attest.sbom,
      ...(attest.provenance
        ? { provenance: async () => ({ parameters, materials, module: await module(), run, startedOn }) }
        : {}),
      signer,
    };
  };
}

function materialsOf({ bases, files }: Pick<CiImagePlan, "bases" | "files">): Material[] {
  return [
    ...bases.flatMap((base) => {
      const { digest } = parseReference(base);
      return digest === undefined ? [] : [imageMaterial(base, digest)];
    }),
    ...[...files].map(([path, content]) => fileMaterial(path, digestOf(content))),
  ];
}
