import { dag } from "@dagger.io/dagger";
import type { ImageDocuments } from "../attest/image.js";
import { commitMaterial, fileMaterial, type ProvenanceInput } from "../attest/provenance.js";
import { lockfileNames } from "../attest/sbom/evidence.js";
import { readFiles } from "../files.js";
import type { Project } from "../project.js";
import { formatRepository } from "../registry/reference.js";
import { openSigning, type Signing } from "../signing.js";
import type { BuiltRelease } from "./built.js";
import type { ReleaseDescription } from "./description.js";

/** A call that publishes, as its provenance has it. */
export interface DocumentedCall {
  name: "release" | "join" | "rehearse";
  arguments: Readonly<Record<string, unknown>>;
  /** Milliseconds since the epoch. */
  startedOn: number;
}

/** How a release that is published gets its documents. */
export interface Attesting {
  documentsOf(built: Pick<BuiltRelease, "materials">, at: number): ImageDocuments | undefined;
  signing: Signing;
}

/** Reads what a call signs with: what is wrong with it is said before anything is built. */
export async function openAttesting(
  project: Project,
  descriptions: readonly ReleaseDescription[],
  called: Omit<DocumentedCall, "startedOn">,
): Promise<Attesting> {
  const signing = called.name === "rehearse" ? rehearsed : await openSigning(project);
  const call = { ...called, startedOn: Date.now() };
  const rules = {
    project,
    signing,
    module: () => dag.currentModule().source().digest(),
    lockfiles: () => readLockfiles(project),
  };
  return {
    signing,
    documentsOf: (built, at) => {
      const description = descriptions[at];
      return description && documentsOf(rules, call, description, built);
    },
  };
}

/** What the source locks, by the names of the files. */
async function readLockfiles({ source }: Project): Promise<ReadonlyMap<string, string>> {
  const files = await readFiles(source, lockfileNames);
  return new Map(
    [...files].flatMap(([name, bytes]) => (bytes === undefined ? [] : [[name, bytes.toString("utf8")]])),
  );
}

const rehearsed: Signing = { unsigned: "a rehearsal signs nothing" };

/** What says what is attached to the images of a call. */
interface AttestingRules {
  project: Pick<Project, "settings" | "settingsDigest">;
  signing: Signing;
  /** Digest of Slipway itself. */
  module(): Promise<string>;
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
