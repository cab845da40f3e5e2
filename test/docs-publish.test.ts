import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseSettings } from "../src/config.js";
import { decideTags } from "../src/tags/policy.js";
import { root } from "./support/contract.js";
import { documentedFiles, tableRowsOf } from "./support/markdown.js";
import { makeTagRequest } from "./support/tag-request.js";

const page = readFileSync(join(root, "docs/publish.md"), "utf8");
const rows = tableRowsOf(page).filter(([ref = ""]) => ref.startsWith("`refs/"));
const codeIn = (cell = "") => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);

describe("docs/publish.md", () => {
  it("has a row for each kind of ref", () => {
    expect(rows.map(([said]) => codeIn(said)[0]?.split("/")[1])).toEqual(
      expect.arrayContaining(["heads", "tags", "pull"]),
    );
    expect(rows.length).toBeGreaterThan(5);
  });

  it.each(rows)("says what the policy decides for %s", (said, ...cells) => {
    const [ref = "", as] = codeIn(said);
    const request = makeTagRequest(ref, as === undefined ? {} : { as: as.replace("--as ", "") });
    const sets = (["main", "highest", "none"] as const).map((latest) =>
      decideTags(request, latest, []).flatMap(({ set, tag }) => (set ? [tag] : [])),
    );
    expect(sets).toEqual(cells.map(codeIn));
  });

  it("leaves latest where a higher version is published", () => {
    const decisions = decideTags(makeTagRequest("refs/tags/v1.2.3"), "highest", ["1.3.0"]);
    expect(decisions.filter(({ set }) => set).map(({ tag }) => tag)).toEqual(["1.2.3"]);
  });

  it("shows settings that are valid", () => {
    for (const file of ["publish", "start", "ci-image", "closed-networks"])
      for (const text of documentedFiles(readFileSync(join(root, `docs/${file}.md`), "utf8"), "json"))
        expect(() => parseSettings(text)).not.toThrow();
  });
});
