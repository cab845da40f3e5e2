import type { Material } from "../attest/provenance.js";
import type { PublishableImage } from "../oci/source.js";
import type { ImageIds } from "./image-ids.js";

/** Where an image comes from: assembled by Slipway, built by the engine, or joined from archives of either. */
export type Origin = "slipway" | "engine" | "archives";

/** What planning knows of a release that was built. */
export interface BuiltImage {
  origin: Origin;
  /** Its identity, which needs no compression. */
  image: ImageIds;
  /** What is to be known of it beside that, a sentence each: what could not be checked, what may become another. */
  remarks: readonly string[];
}

/** A release that was built, by whatever built it: all that publishing knows of it. */
export interface BuiltRelease extends BuiltImage {
  /** What went into it, by digest: the images that it starts from, and the binaries that it was given. */
  materials(): Promise<Material[]>;
  /** Gives what is sent; what is not compressed yet is compressed here. */
  pack(): Promise<PublishableImage>;
}
