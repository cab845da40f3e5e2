import { dag } from "@dagger.io/dagger";
import type { ImageDocuments } from "../attest/image.js";
import { lockfileNames } from "../attest/sbom/evidence.js";
import { readFiles } from "../files.js";
import type { Project } from "../project.js";
import { openSigning, type Signing } from "../signing.js";
import type { BuiltRelease } from "./built.js";
import type { ReleaseDescription } from "./description.js";
import { type DocumentedCall, documentsOf } from "./documents.js";

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
