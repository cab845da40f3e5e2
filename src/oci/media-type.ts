import { z } from "zod";
import { parseJson } from "../json.js";
import { mediaTypes } from "./manifest.js";

// What servers say that do not know what they serve.
const unspecific = ["", "application/json", "application/octet-stream", "text/plain"];

const stated = z.object({ mediaType: z.string() }).transform(({ mediaType }) => mediaType);
const index = z.object({ manifests: z.array(z.unknown()) }).transform(() => mediaTypes.index);
const manifest = z.object({ layers: z.array(z.unknown()) }).transform(() => mediaTypes.manifest);
const content = z.union([stated, index, manifest]);

/**
 * The media type of a manifest: what the server says, and where that is no more than JSON, what the manifest says of
 * itself or is by its form (image specification v1.1, sections "Image Index" and "Image Manifest").
 */
export function manifestTypeOf(served: string, bytes: Buffer): string {
  if (!unspecific.includes(served)) return served;
  return content.safeParse(parseJson(bytes.toString("utf8"))).data ?? served;
}
