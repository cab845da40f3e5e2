import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "./support/contract.js";
import { tableRowsOf } from "./support/markdown.js";

const read = (path: string) => readFileSync(join(root, path), "utf8");
const [own = ""] = read("docs/when-it-fails.md").split("## What other tools say");

/** All that can be printed. */
const sources = [...globSync("src/**/*.ts", { cwd: root }), "Dockerfile.ci", "Dockerfile.release"]
  .map(read)
  .join("\n");

/** What errors are put together from, between what differs. */
const joints = /…|: |expected |, got |\. |\.$|"|\(|\)/;

const symptoms = tableRowsOf(own).flatMap(([symptom = ""]) =>
  [...symptom.matchAll(/`([^`]+)`/g)].map(([, said = ""]) => said),
);

describe("docs/when-it-fails.md", () => {
  it("has symptoms", () => {
    expect(symptoms.length).toBeGreaterThan(40);
  });

  it.each(symptoms)("has what is printed: %s", (said) => {
    const parts = said.split(joints).map((part) => part.replace(/^[,;. ]+|[,;. ]+$/g, ""));
    expect(parts.filter((part) => part.length > 3 && !sources.includes(part))).toEqual([]);
  });
});
