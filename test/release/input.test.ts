import { describe, expect, it } from "vitest";
import { parseSettings } from "../../src/config.js";
import type { Project } from "../../src/project.js";
import type { ReleaseDescription } from "../../src/release/description.js";
import { describeRelease, type ReleaseArguments } from "../../src/release/input.js";

function described(given: Partial<ReleaseArguments>, release: object = {}) {
  const project = { settings: parseSettings(JSON.stringify({ release })) } as Project;
  const [description] = describeRelease(project, {
    ref: "refs/tags/v0.0.1-test",
    preRelease: false,
    ...given,
  });
  return description as ReleaseDescription;
}

describe("describeRelease", () => {
  it("lets a pre-release through where the call or the settings say so", () => {
    expect(() => described({})).toThrow("Pass --pre-release, or set release.preReleases");
    expect(described({ preRelease: true }).trigger).toMatchObject({ kind: "version", name: "v0.0.1-test" });
    expect(described({}, { preReleases: true }).trigger).toMatchObject({ kind: "version" });
  });

  it("takes the prefix of the component from the settings", () => {
    const trigger = described({ ref: "refs/tags/tool/v1.2.3" }, { tagPrefix: "tool/" }).trigger;
    expect(trigger).toMatchObject({ tag: "tool/v1.2.3", name: "v1.2.3", version: { text: "1.2.3" } });
  });

  it.each(["refs/heads/feature", "refs/pull/3/merge", "refs/tags/nightly", "refs/tags/v0.0.1-test"])(
    "takes %s as it is where the run by hand has a name",
    (ref) => {
      expect(described({ ref, as: "pr-17" }).trigger).toMatchObject({ kind: "manual", name: "pr-17", ref });
    },
  );

  it("takes what is empty for what a pipeline leaves unset", () => {
    const description = described({ ref: "refs/heads/main", as: "", revision: "", sourceDateEpoch: 0 });
    expect(description).toMatchObject({ trigger: { kind: "main" }, revision: undefined, created: undefined });
    expect(described({ ref: "refs/heads/main", sourceDateEpoch: 86_400 }).created).toBe(86_400);
  });
});
