import { InputError } from "../errors.js";
import { formatReference } from "../registry/reference.js";
import { decideTags } from "../tags/policy.js";
import type { PlanRequest } from "./plan.js";

type TaggedImage = Pick<PlanRequest, "name" | "targets" | "tags">;

/** A tag holds one image: no two images of a release may ask for the same one. */
export function requireDistinctTags(images: readonly TaggedImage[]): void {
  const owners = new Map<string, TaggedImage>();
  for (const image of images)
    for (const reference of referencesOf(image)) {
      const owner = owners.get(reference) ?? image;
      if (owner !== image)
        throw new InputError({
          subject: `slipway.json: image ${image.name} of release.images`,
          expected: `tags of its own: ${owner.name} has this one`,
          given: reference,
          fix: 'Give one of them a suffix, as in "suffix": "-alpine", or another repository',
        });
      owners.set(reference, image);
    }
}

/** The tags that a publication is about, whatever is published. */
function referencesOf({ targets, tags }: TaggedImage): string[] {
  return targets.flatMap(({ repository, latest }) =>
    decideTags(tags, latest, []).map(({ tag }) => formatReference(repository, tag)),
  );
}
