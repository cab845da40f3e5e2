import { expect, it } from "vitest";
import { overtakingTag } from "../../src/tags/overtaking.js";
import { makeTagRequest } from "../support/tag-request.js";

const release = { tags: ["{version}", "{major}.{minor}", "{major}"] };

it.each<[string, readonly string[], string | undefined]>([
  ["1.2", ["1.2.3"], undefined],
  ["1.2", ["1.2.3", "1.2.4", "1.2.10"], "1.2.10"],
  ["1.2", ["1.2.3", "1.3.0"], undefined],
  ["1", ["1.2.3", "1.3.0", "2.0.0"], "1.3.0"],
  ["latest", ["1.2.3", "1.3.0", "2.0.0"], "2.0.0"],
  ["latest", ["1.2.3", "2.0.0-rc.1", "2.0.0-amd64"], undefined],
  ["latest", ["1.2.2", "1.1.9"], undefined],
])("%s of 1.2.3 beside %j follows %s", (tag, published, expected) => {
  expect(overtakingTag(makeTagRequest("refs/tags/v1.2.3", { release }), tag, published)).toBe(expected);
});

it("nothing overtakes a push to a branch", () => {
  expect(overtakingTag(makeTagRequest("refs/heads/main", { release }), "latest", ["9.0.0"])).toBeUndefined();
});
