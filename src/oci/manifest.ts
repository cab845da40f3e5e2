import { createHash } from "node:crypto";
import { z } from "zod";
import { InputError } from "../errors.js";
import { limitPassedBy, repeatedName, withNumbersInDigits } from "../json.js";
import { namedStrings } from "./named.js";
import { otherSpelling } from "./spelling.js";

export const mediaTypes = {
  index: "application/vnd.oci.image.index.v1+json",
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  dockerIndex: "application/vnd.docker.distribution.manifest.list.v2+json",
  dockerManifest: "application/vnd.docker.distribution.manifest.v2+json",
} as const;

/** Every form of manifest that Slipway reads, for `Accept`. */
export const manifestTypes: readonly string[] = [
  mediaTypes.index,
  mediaTypes.manifest,
  mediaTypes.dockerIndex,
  mediaTypes.dockerManifest,
];

/** A digest as a field of JSON. */
export const digest = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/, "a digest of the form sha256:<64 hex digits>");

/** OCI content descriptor. */
export interface Descriptor {
  mediaType: string;
  digest: string;
  /** Bytes. */
  size: number;
  annotations?: Record<string, string>;
}

/** A descriptor in an index: the manifest of one platform. */
export interface PlatformDescriptor extends Descriptor {
  platform?: { os: string; architecture: string; variant?: string };
}

export interface ImageIndex {
  schemaVersion: 2;
  mediaType: string;
  manifests: PlatformDescriptor[];
  annotations?: Record<string, string>;
}

export interface ImageManifest {
  schemaVersion: 2;
  mediaType: string;
  config: Descriptor;
  layers: Descriptor[];
  annotations?: Record<string, string>;
}

// Nothing here goes by these, and Go, which reads what is published, reads them or nothing.
const unused = <T extends z.ZodType>(form: T) => form.nullish().transform(() => undefined);

// Go writes null for a list or a map that has nothing, and reads it as none.
const annotations = z.nullish(namedStrings).transform((given) => given ?? undefined);
const listOf = <T extends z.ZodType>(entry: T) =>
  z
    .array(entry)
    .nullish()
    .transform((entries) => entries ?? []);

const descriptor = z.object({
  mediaType: z.string(),
  digest,
  size: z.int().nonnegative(),
  annotations,
  urls: unused(z.array(z.string())),
  data: unused(z.base64()),
  artifactType: unused(z.string()),
});

/** A part of a platform, of which none has many characters. */
export const platformPart = z.string().max(128);

const platform = z.object({
  os: platformPart,
  architecture: platformPart,
  variant: platformPart.nullish().transform((given) => given ?? undefined),
  "os.version": unused(z.string()),
  "os.features": unused(z.array(z.string())),
});

// What could be read as either form is neither: programs differ in which one they take.
const absent = z.never("nothing here, which belongs to the other form of manifest").optional();

const index = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.enum([mediaTypes.index, mediaTypes.dockerIndex]).default(mediaTypes.index),
  manifests: listOf(
    descriptor.extend({ platform: platform.nullish().transform((given) => given ?? undefined) }),
  ),
  config: absent,
  layers: absent,
  annotations,
  artifactType: unused(z.string()),
  subject: unused(descriptor),
});

const manifest = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.enum([mediaTypes.manifest, mediaTypes.dockerManifest]).default(mediaTypes.manifest),
  config: descriptor,
  layers: listOf(descriptor),
  manifests: absent,
  annotations,
  artifactType: unused(z.string()),
  subject: unused(descriptor),
});

export function parseIndex(bytes: Uint8Array, subject: string): ImageIndex {
  return parse(index, bytes, subject, "an image index") as ImageIndex;
}

export function parseManifest(bytes: Uint8Array, subject: string): ImageManifest {
  return parse(manifest, bytes, subject, "an image manifest") as ImageManifest;
}

export function isIndex(mediaType: string): boolean {
  return mediaType === mediaTypes.index || mediaType === mediaTypes.dockerIndex;
}

/** The digest that content is addressed by. */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** An index over the manifests of several platforms, in the order of the platforms' names. */
export function buildIndex(
  manifests: PlatformDescriptor[],
  indexAnnotations: Record<string, string>,
  mediaType: string = mediaTypes.index,
): { descriptor: Descriptor; bytes: Buffer } {
  const name = ({ platform: p }: PlatformDescriptor) => `${p?.os}/${p?.architecture}/${p?.variant ?? ""}`;
  const content: ImageIndex = {
    schemaVersion: 2,
    mediaType,
    manifests: manifests.toSorted((a, b) => (name(a) < name(b) ? -1 : 1)),
    ...(Object.keys(indexAnnotations).length === 0
      ? {}
      : { annotations: Object.fromEntries(Object.entries(indexAnnotations).toSorted()) }),
  };
  const bytes = Buffer.from(JSON.stringify(content));
  return { descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length }, bytes };
}

/** Reads JSON of a known form; `expected` is the name of that form. */
export function parse(schema: z.ZodType, bytes: Uint8Array, subject: string, expected: string): unknown {
  const text = Buffer.from(bytes).toString("utf8");
  const limit = limitPassedBy(text);
  if (limit !== undefined)
    throw new InputError({ subject, expected: `${expected} in ${limit}`, given: text });
  let json: unknown;
  try {
    json = JSON.parse(text);
    const inDigits = withNumbersInDigits(text);
    if (inDigits !== text) json = JSON.parse(inDigits);
  } catch {
    // What the parser says quotes a part of the text, which may be half of a secret.
    throw new InputError({ subject, expected: `${expected} in JSON`, given: "text that is not JSON" });
  }
  // Whoever runs the image may read another value than is verified here.
  const ambiguous = repeatedName(text) ?? otherSpelling(schema, json);
  if (ambiguous !== undefined)
    throw new InputError({
      subject,
      expected: `${expected} with each name once, as it is written there`,
      given: ambiguous,
    });
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const { path = [], message = "" } = parsed.error.issues[0] ?? {};
  throw new InputError({
    subject,
    expected,
    given: path.length === 0 ? message : `${path.join(".")}: ${message}`,
  });
}
