import { describe, expect, it } from "vitest";
import { InputError } from "../../src/errors.js";
import { releaseTag } from "../../src/go/checkout.js";

describe("releaseTag", () => {
  it.each([
    ["the only tag", ["v1.2.3"], undefined, "v1.2.3"],
    ["the only tag, by its name", ["v1.2.3"], "v1.2.3", "v1.2.3"],
    ["one of several, by its name", ["stable", "v1.2.3", "v1.2.4-rc.1"], "v1.2.3", "v1.2.3"],
  ])("is %s", (_, tags, wanted, tag) => {
    expect(releaseTag({ tags, changes: [] }, wanted)).toBe(tag);
  });

  it.each([
    [
      "a changed file",
      { tags: ["v1.2.3"], changes: [" M main.go", "?? dist/"] },
      undefined,
      'source of a release: expected the files of the commit, unchanged, got " M main.go, ?? dist/".',
    ],
    [
      "no tag",
      { tags: [], changes: [] },
      undefined,
      "tag of a release: expected one tag on the commit, got nothing.",
    ],
    [
      "several tags",
      { tags: ["v1.2.3", "v1.2.4"], changes: [] },
      undefined,
      'tag of a release: expected one tag on the commit, got "v1.2.3, v1.2.4". Name the tag to release.',
    ],
    [
      "the tag of another commit",
      { tags: ["v1.2.3"], changes: [] },
      "v1.2.4",
      'tag of a release: expected the commit to carry v1.2.4, got "v1.2.3". Check out the tagged commit',
    ],
    ["a part of a tag", { tags: ["v1.2.3"], changes: [] }, "v1.2", "expected the commit to carry v1.2, got"],
  ])("refuses %s", (_, checkout, wanted, message) => {
    const tag = () => releaseTag(checkout, wanted);
    expect(tag).toThrow(InputError);
    expect(tag).toThrow(message);
  });
});
