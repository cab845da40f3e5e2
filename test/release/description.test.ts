// biome-ignore-all lint/suspicious/noTemplateCurlyInString: shells and Dockerfiles write variables like this.

import { describe, expect, it } from "vitest";
import { parseSettings } from "../../src/config.js";
import { annotationsOf, buildArgumentsOf, labelsOf } from "../../src/release/description.js";
import { makeTrigger } from "../support/tag-request.js";
import { messageThrownBy } from "../support/thrown.js";

const revision = "0123456789abcdef0123456789abcdef01234567";
const created = 1_768_046_400;
const templates = {
  Plain: "as it is",
  Json: '{"a":1}',
  Shell: "${BIN} {{version}}",
  Version: "v{version}",
  Tag: "{tag}",
  Minor: "{major}.{minor}",
  Branch: "{branch}",
  Commit: "{revision} {sha}",
  Time: "{created} {date}",
};

function describeRelease(ref: string, release: object, commit: object = { revision, created }) {
  const { release: settings } = parseSettings(JSON.stringify({ release }));
  return { settings, trigger: makeTrigger(ref), ...commit };
}

const literal = { Plain: "as it is", Json: '{"a":1}', Shell: "${BIN} {version}" };
const ofVersion = {
  ...literal,
  Version: "v1.2.3",
  Tag: "v1.2.3",
  Minor: "1.2",
  Commit: `${revision} 0123456`,
  Time: "2026-01-10T12:00:00Z 20260110",
};
const ofMain = { ...literal, Branch: "main", Commit: ofVersion.Commit, Time: ofVersion.Time };

describe.each([
  ["labels", "labels", labelsOf],
  ["annotations", "annotations", annotationsOf],
  [
    "build arguments",
    "buildArgs",
    (description: Parameters<typeof labelsOf>[0]) => buildArgumentsOf(description, []),
  ],
] as const)("%s", (_, setting, read) => {
  it.each([
    ["refs/tags/v1.2.3", ofVersion],
    ["refs/heads/main", ofMain],
  ])("have the values of %s, and leave out what has none", (ref, expected) => {
    const keyOf = (name: string) => (setting === "buildArgs" ? name : `com.example.${name}`);
    const given = Object.fromEntries(Object.entries(templates).map(([name, text]) => [keyOf(name), text]));
    const found = read(describeRelease(ref, { [setting]: given }));
    const own = Object.entries(found).filter(([key]) => key in given);
    expect(Object.fromEntries(own)).toEqual(
      Object.fromEntries(Object.entries(expected).map(([name, text]) => [keyOf(name), text])),
    );
  });

  it.each([
    ["{name}", "expected only the placeholders {version}, "],
    ["{{ .Version }}", "expected placeholders as they are written here, {version}, "],
  ])("refuse %j, which has no meaning", async (text, message) => {
    expect(
      await messageThrownBy(() => describeRelease("refs/heads/main", { [setting]: { Name: text } })),
    ).toContain(`slipway.json: release.${setting}.Name: ${message}`);
  });
});

it("labels, annotations and arguments of the same key take the place of Slipway's own", () => {
  const version = "org.opencontainers.image.version";
  const description = describeRelease("refs/tags/v1.2.3", {
    annotations: { title: "app", [version]: "{tag}" },
    buildArgs: { VERSION: "{tag}" },
  });
  expect(annotationsOf(description)).toMatchObject({
    "org.opencontainers.image.title": "app",
    [version]: "v1.2.3",
  });
  expect(buildArgumentsOf(description, ["app"])).toEqual({
    NAME: "app",
    VERSION: "v1.2.3",
    REVISION: revision,
  });
});

it("an annotation that is no key of anybody is refused, since it may be misspelt", async () => {
  expect(
    await messageThrownBy(() => describeRelease("refs/heads/main", { annotations: { titel: "app" } })),
  ).toBe(
    'slipway.json: release.annotations.titel: expected title, description, source, or a key with a domain, as in com.example.team, got "app".',
  );
});

it("a build argument has a name that a Dockerfile can declare", async () => {
  expect(
    await messageThrownBy(() => describeRelease("refs/heads/main", { buildArgs: { "A-B": "1" } })),
  ).toContain("release.buildArgs");
});
