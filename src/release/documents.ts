import type { ImageDocuments } from "../attest/image.js";
import { commitMaterial, fileMaterial, type ProvenanceInput } from "../attest/provenance.js";
import type { Project } from "../project.js";
import { formatRepository } from "../registry/reference.js";
import type { Signing } from "../signing.js";
import type { BuiltRelease } from "./built.js";
import type { ReleaseDescription } from "./description.js";

/** A call that publishes, as its provenance has it. */
export interface DocumentedCall {
  name: "release" | "join" | "rehearse";
  arguments: Readonly<Record<string, unknown>>;
  /** Milliseconds since the epoch. */
  startedOn: number;
}

/** What says what is attached to the images of a call. */
export interface AttestingRules {
  project: Pick<Project, "settings" | "settingsDigest">;
  signing: Signing;
  /** Digest of Slipway itself; undefined where no engine has one. */
  module(): Promise<string | undefined>;
  lockfiles: ImageDocuments["lockfiles"];
}

/** What is attached to an image that a call has built. */
export function documentsOf(
  { project: { settings, settingsDigest }, signing, module, lockfiles }: AttestingRules,
  call: DocumentedCall,
  { settings: { repositories, annotations }, revision }: ReleaseDescription,
  { materials }: Pick<BuiltRelease, "materials">,
): ImageDocuments {
  const { run, signer } = signing;
  const [first] = repositories;
  const commit = revision ?? run?.commit;
  const source = run?.sourceRepository ?? annotations.source;
  const provenance = async (): Promise<ProvenanceInput> => ({
    parameters: { call: call.name, ...call.arguments },
    materials: [
      ...(commit === undefined ? [] : [commitMaterial(commit, source)]),
      ...(settingsDigest === undefined ? [] : [fileMaterial("slipway.json", settingsDigest)]),
      ...(await materials()),
    ],
    module: await module(),
    run,
    startedOn: call.startedOn,
  });
  return {
    name: first === undefined ? "image" : formatRepository(first.repository),
    sbom: settings.attest.sbom,
    lockfiles,
    ...(settings.attest.provenance ? { provenance } : {}),
    signer,
  };
}
