import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { parseSettings } from "../../src/config.js";
import { checkout, gitConfig, initIn, rowsOf } from "../support/adoption.js";

const go = { "go.mod": "module example.com/app\n\ngo 1.24.0\n" };
const rust = { "Cargo.toml": "", "src/main.rs": "" };

/** Where the release of the caller takes its images from; undefined where none is written. */
function fromOf(files: Readonly<Record<string, string>>): string | undefined {
  const text = initIn(checkout(files)).get(".github/workflows/slipway.yml");
  return text === undefined ? undefined : parse(text).jobs.release?.with.from;
}

const toDo = (files: Readonly<Record<string, string>>) =>
  rowsOf(initIn(checkout(files)).get("SLIPWAY.md"), "To do").join("\n");

describe("a RUN beside binaries", () => {
  const releasing = { ...go, ".goreleaser.yaml": "dockers_v2:\n  - images: [ghcr.io/acme/app]\n" };
  const copied = "COPY app /\n";
  it.each<[string, string, Record<string, string>, boolean]>([
    ["for the platform of the image", `FROM alpine\nRUN apk add ca-certificates\n${copied}`, releasing, true],
    [
      "that the machine is of",
      `FROM --platform=$BUILDPLATFORM alpine AS certs\nRUN apk add ca-certificates\nFROM scratch\n${copied}`,
      releasing,
      false,
    ],
    ["of no image", `FROM alpine\n${copied}`, releasing, false],
    [
      "for linux/amd64 alone",
      `FROM alpine\nRUN apk add ca-certificates\n${copied}`,
      {
        ...releasing,
        ".goreleaser.yaml":
          "dockers_v2:\n  - images: [ghcr.io/acme/app]\n    tags: [latest]\n    platforms: [linux/amd64]\n",
      },
      false,
    ],
    [
      "of a Dockerfile that compiles, each platform on its machine",
      "FROM golang\nCOPY . .\nRUN go build .\n",
      go,
      false,
    ],
  ])("takes an emulator, which no job has: %s", (_, Dockerfile, files, isSaid) => {
    const said = "| Dockerfile | RUN | the job that releases has no emulator";
    expect(toDo({ Dockerfile, ...files }).includes(said)).toBe(isSaid);
  });
});

describe("a Dockerfile that copies what git does not have", () => {
  // As they are in public repositories.
  it.each<[string, string, Record<string, string>, string]>([
    [
      "cargo's",
      "FROM ubuntu:24.04\nRUN apt-get update && apt install -y adb\nCOPY target/x86_64-unknown-linux-musl/release/app /app\n",
      rust,
      "target/x86_64-unknown-linux-musl/release/app",
    ],
    [
      "a script's, by platform",
      `FROM scratch\nARG TARGETARCH\nCOPY dist/linux-\${TARGETARCH}/app /app\n`,
      rust,
      "dist/linux-amd64/app",
    ],
    ["zig's", "FROM debian:stable-slim\nCOPY zig-out/bin/ /app\n", { "build.zig": "" }, "zig-out/bin"],
    [
      "bun's",
      "FROM oven/bun:1-distroless\nCOPY ./dist/ ./\nCOPY ./LICENSE ./\n",
      { "package.json": "{}", LICENSE: "" },
      "dist",
    ],
    [
      "what lies there, and git leaves out",
      "FROM scratch\nCOPY target/release/app /app\n",
      { ...rust, "target/release/app": "", ".gitignore": "# built\n/target/\n" },
      "target/release/app",
    ],
    [
      "GoReleaser's, of no Go",
      "FROM scratch\nARG TARGETPLATFORM\nCOPY $TARGETPLATFORM/app /app\n",
      { ...rust, ".goreleaser.yaml": "builds:\n  - builder: rust\n" },
      "linux/amd64/app",
    ],
    [
      "a frontend, beside Go that it compiles itself",
      "FROM golang\nCOPY go.mod main.go ./\nCOPY web/dist web/dist\nRUN go build .\n",
      { ...go, "main.go": "" },
      "web/dist",
    ],
  ])("has no release written that would fail, and a way out: %s", (_, Dockerfile, files, path) => {
    const all = { Dockerfile, ...files };
    expect(fromOf(all)).toBeUndefined();
    expect(toDo(all)).toContain(`| Dockerfile | ${path} | git does not have what is copied`);
    const gitlab = initIn({ ...all, ".git/config": gitConfig("https://gitlab.com/acme/app") });
    const text = gitlab.get(".gitlab-ci.yml");
    expect(text === undefined ? "none" : parse(text).include[0].inputs.release_from).toBe("none");
  });

  it.each<[string, string, Record<string, string>, string]>([
    [
      "Go's binary, whatever else runs",
      `FROM alpine\nARG TARGETARCH\nRUN apk add ca-certificates\nCOPY dist/app-linux-\${TARGETARCH} /app\n`,
      go,
      "binaries",
    ],
    [
      "nothing but what is there",
      "FROM rust AS build\nCOPY Cargo.toml ./\nCOPY src src\nRUN cargo build\nFROM scratch\nCOPY --from=build /target/release/app /\n",
      rust,
      "source",
    ],
    ["the whole context", "FROM rust\nCOPY . .\nRUN cargo build\n", rust, "source"],
    [
      "a pattern that matches nothing, beside one that is there",
      "FROM node\nCOPY package.json package-lock.json* ./\nRUN npm i\n",
      { "package.json": "{}" },
      "source",
    ],
    [
      "what the pipeline puts there",
      "FROM oven/bun\nCOPY .dependency-cache /cache\nCOPY package.json ./\nRUN bun i\n",
      { "package.json": "{}", ".gitignore": "/.dependency-cache/\n" },
      "source",
    ],
    [
      "in a stage that nothing needs",
      "FROM scratch AS local\nCOPY target/release/app /\nFROM rust\nCOPY src src\nRUN cargo build\n",
      rust,
      "source",
    ],
    [
      "an argument that has a default",
      `FROM node\nARG DIR=src\nCOPY \${DIR} ./\nRUN npm i\n`,
      { "src/a.ts": "" },
      "source",
    ],
    [
      "what is let in again",
      "FROM node\nCOPY dist/keep.js ./\nRUN npm i\n",
      { "dist/keep.js": "", ".gitignore": "dist/*\n!dist/keep.js\n" },
      "source",
    ],
    [
      "what only a builder reads",
      "FROM node\nADD https://example.com/a.tar /\nCOPY b /\nRUN npm i\n",
      {},
      "source",
    ],
  ])("is not one that copies %s", (_, Dockerfile, files, from) => {
    expect(fromOf({ Dockerfile, ...files })).toBe(from);
    expect(toDo({ Dockerfile, ...files })).not.toContain("git does not have");
  });
});

describe("several directories with a Dockerfile", () => {
  const component = (name: string) => ({
    [`${name}/main.go`]: "",
    [`${name}/Dockerfile`]: `FROM scratch\nARG TARGETARCH\nCOPY ${name}-linux-\${TARGETARCH} /${name}\n`,
  });
  const imagesOf = (files: Readonly<Record<string, string>>) =>
    parseSettings(initIn(files).get("slipway.json")).release.images.map(
      ({ name, dockerfile, repositories }) => [
        name,
        dockerfile,
        ...repositories.map(({ repository }) => `${repository.registry}/${repository.path}`),
      ],
    );

  it.each([
    ["https://github.com/Acme/Shop", "ghcr.io/acme/shop"],
    ["https://gitlab.com/acme/shop", "registry.gitlab.com/acme/shop"],
  ])("are an image each: %s", (url, place) => {
    const files = { ...go, ...component("api"), ...component("worker"), ".git/config": gitConfig(url) };
    expect(imagesOf(files)).toEqual([
      ["api", "api/Dockerfile", `${place}/api`],
      ["worker", "worker/Dockerfile", `${place}/worker`],
    ]);
    const page = initIn(files).get("SLIPWAY.md");
    expect(rowsOf(page, "Different").join("\n")).toMatch(/api and worker are released together.*tagPrefix/);
  });

  it.each<[string, Record<string, string>, unknown[]]>([
    [
      "the one at the root, where there is one",
      { ...component("api"), Dockerfile: "FROM scratch\n" },
      [[undefined, undefined, "ghcr.io/acme/app"]],
    ],
    [
      "the one that nothing is tested, developed or shown with",
      {
        ...component("api"),
        "test/Dockerfile": "FROM a\n",
        ".devcontainer/Dockerfile": "FROM a\n",
        "examples/x/Dockerfile": "FROM a\n",
        "api/Dockerfile.dev": "FROM a\n",
      },
      [[undefined, "api/Dockerfile", "ghcr.io/acme/app"]],
    ],
    [
      "two directories of one name, by their paths",
      { ...component("a/server"), ...component("b/server") },
      [
        ["a-server", "a/server/Dockerfile", "ghcr.io/acme/app/a-server"],
        ["b-server", "b/server/Dockerfile", "ghcr.io/acme/app/b-server"],
      ],
    ],
  ])("are no more than %s", (_, files, expected) => {
    expect(imagesOf(checkout({ ...go, ...files }))).toEqual(expected);
  });

  const node = { "web/package.json": "{}", "web/src/a.ts": "" };

  it("have no release written where one is a build context of its own", () => {
    const own = { "web/Dockerfile": "FROM node\nCOPY package.json ./\nCOPY src src\nRUN npm i\n", ...node };
    expect(fromOf(own)).toBeUndefined();
    expect(toDo(own)).toMatch(/\| web\/Dockerfile \| package\.json, src \| it is below web.*--source web/);
    expect(fromOf({ ...go, ...component("api"), ...own })).toBeUndefined();
  });

  it("are built from the root where their paths are of there", () => {
    const rooted = {
      "web/Dockerfile": "FROM node\nCOPY web/package.json ./\nCOPY web/src src\nRUN npm i\n",
      ...node,
    };
    expect(fromOf(rooted)).toBe("source");
    expect(toDo(rooted)).not.toContain("web");
  });

  it("say where the whole context could be either", () => {
    const whole = { "web/Dockerfile": "FROM node\nCOPY . .\nRUN npm i\n", ...node };
    expect(fromOf(whole)).toBe("source");
    expect(toDo(whole)).toMatch(/\| web\/Dockerfile \| the whole build context .*COPY web \./);
    expect(toDo({ Dockerfile: "FROM node\nCOPY . .\nRUN npm i\n" })).not.toContain("whole");
  });
});
