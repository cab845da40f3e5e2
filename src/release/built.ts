import type { PublishableImage } from "../image/source.js";
import type { ImageIds } from "./image-ids.js";

/** Where an image comes from: assembled by Slipway, built by the engine, or joined from archives of either. */
export type Origin = "slipway" | "engine" | "archives";

/** A release that was built, by whatever built it: all that planning and publishing know of it. */
export interface BuiltRelease {
  origin: Origin;
  /** Its identity, which needs no compression. */
  image: ImageIds;
  /** Gives what is sent; what is not compressed yet is compressed here. */
  pack(): Promise<PublishableImage>;
}
