import { describe, expect, it } from "vitest";
import { parseSettings, type ReleaseSettings } from "../src/config.js";
import { formatRepository } from "../src/registry/reference.js";

const repositories = [{ repository: "ghcr.io/acme/app", latest: "highest" }];
const parse = (release: object) => parseSettings(JSON.stringify({ release })).release;
const imagesOf = (images: object[], release: object = {}) =>
  parse({ repositories, ...release, images }).images;
const tagsOf = (image: ReleaseSettings | undefined) => image?.tags.map(({ text }) => text);

describe("the images of a release", () => {
  it("are the release itself where none is named", () => {
    const { images, ...release } = parse({ repositories });
    expect(images).toEqual([release]);
  });

  it("have what the release has, but for what they say", () => {
    const [plain, alpine] = imagesOf(
      [
        { name: "plain" },
        {
          name: "alpine",
          suffix: "-alpine",
          dockerfile: "Dockerfile.alpine",
          platforms: ["linux/amd64"],
          repositories: [{ repository: "acme/app" }],
          labels: { variant: "alpine" },
          buildArgs: { BASE: "alpine" },
          annotations: { title: "small", "com.example.variant": "alpine" },
        },
      ],
      {
        tags: ["{version}", "{major}.{minor}"],
        labels: { team: "core", variant: "plain" },
        annotations: { title: "app", description: "An application.", "com.example.team": "core" },
      },
    );
    const texts = (templates: Readonly<Record<string, { text: string }>> = {}) =>
      Object.fromEntries(Object.entries(templates).map(([key, { text }]) => [key, text]));
    expect(tagsOf(plain)).toEqual(["{version}", "{major}.{minor}"]);
    expect(tagsOf(alpine)).toEqual(["{version}-alpine", "{major}.{minor}-alpine"]);
    expect(plain?.platforms).toEqual(["linux/amd64", "linux/arm64"]);
    expect(alpine).toMatchObject({
      dockerfile: "Dockerfile.alpine",
      platforms: ["linux/amd64"],
      annotations: { title: "small", description: "An application." },
    });
    expect(alpine?.repositories.map(({ repository }) => formatRepository(repository))).toEqual([
      "docker.io/acme/app",
    ]);
    expect(texts(alpine?.labels)).toEqual({ team: "core", variant: "alpine" });
    expect(texts(alpine?.buildArgs)).toEqual({ BASE: "alpine" });
    expect(texts(alpine?.annotations.others)).toEqual({
      "com.example.team": "core",
      "com.example.variant": "alpine",
    });
  });

  it.each<[string, object[]]>([
    ["a suffix", [{ name: "a" }, { name: "b", suffix: "-b" }]],
    ["repositories", [{ name: "a" }, { name: "b", repositories: [{ repository: "ghcr.io/acme/b" }] }]],
    [
      "tags, where only one of them has latest",
      [
        { name: "a" },
        {
          name: "b",
          tags: ["b-{version}"],
          repositories: [{ repository: "ghcr.io/acme/app", latest: "none" }],
        },
      ],
    ],
  ])("are told apart by %s", (_, images) => {
    expect(imagesOf(images).map(({ name }) => name)).toEqual(["a", "b"]);
  });

  it.each<[string, object[], string]>([
    [
      "with the same tags in one repository",
      [{ name: "a" }, { name: "b" }],
      "release.images[1]: expected tags of its own in ghcr.io/acme/app, where a goes as well",
    ],
    [
      "with other tags and the same latest",
      [{ name: "a" }, { name: "b", tags: ["b-{version}"] }],
      "release.images[1]: expected tags of its own in ghcr.io/acme/app",
    ],
    [
      "of one name",
      [{ name: "a" }, { name: "a", suffix: "-b" }],
      "release.images[1]: expected a name of its own",
    ],
    ["without a name", [{ suffix: "-b" }], "release.images[0].name: expected a string, got nothing"],
    [
      "with a suffix that no tag can have",
      [{ name: "a", suffix: "/b" }],
      "release.images[0].suffix: expected the end of a tag",
    ],
    [
      "whose suffix makes a tag too long",
      [{ name: "a", suffix: `-${"b".repeat(63)}`, tags: [`{version}${"c".repeat(64)}`] }],
      "release: expected a template of a tag: at most 128",
    ],
    [
      "that follow versions which no tag names",
      [{ name: "a", tags: ["{major}"] }],
      "release.images[0]: expected one with the whole version",
    ],
    [
      "with a field that there is not",
      [{ name: "a", latest: "main" }],
      'release.images[0]: expected only fields of the schema, got "latest"',
    ],
  ])("are refused %s", (_, images, message) => {
    expect(() => imagesOf(images)).toThrow(`slipway.json: ${message}`);
  });

  it("go to no repository of the CI image", () => {
    const text = JSON.stringify({
      ciImage: { repositories: ["ghcr.io/acme/ci"] },
      release: { images: [{ name: "a", repositories: [{ repository: "ghcr.io/acme/ci" }] }] },
    });
    expect(() => parseSettings(text)).toThrow(
      "slipway.json: release.images[0].repositories[0]: expected another repository than those of ciImage",
    );
  });
});
