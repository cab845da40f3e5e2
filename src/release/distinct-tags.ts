import { InputError } from "../errors.js";
import { formatReference } from "../registry/reference.js";
import { latestOf } from "../tags/rules.js";
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

function referencesOf({ targets, tags: { trigger, wanted, rules } }: TaggedImage): string[] {
  const byHand = trigger.kind === "manual" ? [`${trigger.name}${rules.suffix}`] : [];
  return targets.flatMap(({ repository, latest }) =>
    [...wanted.map(({ tag }) => tag), ...byHand, ...(latest === "none" ? [] : [latestOf(rules)])].map((tag) =>
      formatReference(repository, tag),
    ),
  );
}
