import type { RegistryClient } from "../../src/registry/client.js";
import type { Repository } from "../../src/registry/reference.js";
import type { ReleasePublication } from "../../src/release/publish.js";
import { makeClient } from "./client.js";
import type { ReleasedImage } from "./released-image.js";
import { makeTagRequest } from "./tag-request.js";

export interface PublicationOptions {
  client?: RegistryClient;
  ref?: string;
  /** The settings under `release`. */
  release?: object;
  now?: ReleasePublication["now"];
}

/** A release of an image to repositories whose `latest` is the highest version. */
export function makePublication(
  repositories: readonly Repository[],
  { ids, packed }: ReleasedImage,
  { client = makeClient(), ref = "refs/tags/v1.2.3", release = {}, now = () => 0 }: PublicationOptions = {},
): ReleasePublication {
  return {
    client,
    targets: repositories.map((repository) => ({ repository, latest: "highest" })),
    tags: makeTagRequest(ref, { release }),
    origin: "slipway",
    remarks: [],
    image: ids,
    now,
    pack: async () => packed,
    firstPublish: false,
  };
}
