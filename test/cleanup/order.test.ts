import { describe, expect, it } from "vitest";
import { holdersOf, inSteps } from "../../src/cleanup/order.js";
import { type Drawing, draw, drawnDigest, drawnName, drawnReferrersTag } from "../support/graph.js";

describe("the order of removal", () => {
  it.each<[string, Drawing, string[]]>([
    [
      "has indexes before their parts",
      { manifests: { a: {}, 2: { lists: "3" }, 3: { lists: "a" } } },
      ["2", "3", "a"],
    ],
    ["has images before their referrers", { manifests: { 5: { subject: "2" }, 2: {} } }, ["2", "5"]],
    [
      "has an image before the referrers tag of it",
      {
        tags: { [drawnReferrersTag("2")]: "3" },
        manifests: { 5: { subject: "2" }, 3: { lists: "5" }, 2: {} },
      },
      ["2", "3", "5"],
    ],
    [
      "ends with what holds each other",
      { manifests: { 2: { lists: "3" }, 3: { lists: "2" }, 4: {} } },
      ["4", "23"],
    ],
    ["takes what is independent in one step", { manifests: { 2: {}, 3: {} } }, ["23"]],
  ])("%s", (_, drawing, steps) => {
    const graph = draw(drawing);
    const order = inSteps(holdersOf(graph, [...graph.manifests.keys()]));
    expect(order.map((step) => step.map(drawnName).toSorted().join(""))).toEqual(steps);
  });

  it("waits for nothing that stays", () => {
    const graph = draw({ manifests: { 2: { lists: "a" }, a: { subject: "9" } } });
    expect([...holdersOf(graph, [drawnDigest("a")]).values()]).toEqual([[]]);
  });
});
