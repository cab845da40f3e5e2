import { z } from "zod";
import { parseBounded } from "../json.js";
import { bounds } from "../registry/bounds.js";

/** What a statement is about, by content: an image by the digest of its manifest or index. */
export interface Subject {
  name: string;
  digest: Readonly<Record<string, string>>;
}

/** An in-toto statement: something that is said of subjects. */
export interface Statement {
  _type: (typeof statementTypes)[number];
  subject: readonly Subject[];
  predicateType: string;
  predicate: object;
}

/** The version of statements that are made here. */
export const statementType = "https://in-toto.io/Statement/v1";

// `cosign attest` writes the former one, of which the fields are the same.
const statementTypes = [statementType, "https://in-toto.io/Statement/v0.1"] as const;

/** Media type of a statement, which a signature covers as well. */
export const statementMediaType = "application/vnd.in-toto+json";

/** What statements say, by the names under which other tools look for it. */
export const predicateTypes = {
  /** That an image is signed, as cosign says it: the predicate is empty. */
  signature: "https://sigstore.dev/cosign/sign/v1",
  provenance: "https://slsa.dev/provenance/v1",
  spdx: "https://spdx.dev/Document",
  cyclonedx: "https://cyclonedx.org/bom",
} as const;

// More than the platforms of any image: an answer is made of each that is wrong.
const mostSubjects = 1000;

const statementSchema = z.object({
  _type: z.enum(statementTypes),
  subject: z
    .custom<unknown[]>((given) => Array.isArray(given) && given.length <= mostSubjects)
    .pipe(
      z.array(z.object({ name: z.string().default(""), digest: z.record(z.string(), z.string()) })).min(1),
    ),
  predicateType: z.string().min(1),
  predicate: z.looseObject({}).default({}),
});

/** An image, by a digest as registries write it: `sha256:…`. */
export function subjectOf(name: string, digest: string): Subject {
  return { name, digest: digestSet(digest) };
}

/** A digest, as registries write it, in the form of in-toto (attestation framework v1, `DigestSet`). */
export function digestSet(digest: string): Readonly<Record<string, string>> {
  const [algorithm = "", hex = ""] = digest.split(":");
  return { [algorithm]: hex };
}

export function statementAbout(
  subject: readonly Subject[],
  predicateType: string,
  predicate: object,
): Statement {
  return { _type: statementType, subject, predicateType, predicate };
}

/** Its bytes: the same statement gives the same ones, in whatever order its fields were set. */
export function encodeStatement(statement: Statement): Buffer {
  return Buffer.from(JSON.stringify(statement, sortFields));
}

/** A statement from its bytes; undefined where they are none. */
export function parseStatement(bytes: Buffer): Statement | undefined {
  return statementSchema.safeParse(parseBounded(bytes.toString("utf8"), bounds.attachment.json)).data;
}

/** Whether a digest, as registries write it, is that of one of the subjects. */
export function isAbout({ subject }: Statement, digest: string): boolean {
  return subject.some((each) =>
    Object.entries(each.digest).some(([algorithm, hex]) => `${algorithm}:${hex}` === digest),
  );
}

function sortFields(_: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
