import { readdir } from "node:fs/promises";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readTar } from "../../src/archive/tar-reader.js";
import { type AssembledVariant, assembleVariant } from "../../src/dockerfile/assemble.js";
import { parseDockerfile } from "../../src/dockerfile/dockerfile.js";
import { packImage } from "../../src/dockerfile/pack.js";
import { BuilderNeededError, InputError } from "../../src/errors.js";
import type { BaseImage } from "../../src/layer/base.js";
import { formatPlatform, parsePlatform } from "../../src/oci/platform.js";
import { type BaseOptions, type MemberSpec, makeBase } from "../support/image-base.js";
import { listLayer, openContext, readLayer, writeFiles } from "../support/image-files.js";
import { makeTemporaryDirectory, type TemporaryDirectory } from "../support/temporary-directory.js";

let directory: TemporaryDirectory;
let workspace: TemporaryDirectory;
let opened: string[];

beforeEach(async () => {
  directory = makeTemporaryDirectory();
  workspace = makeTemporaryDirectory();
  opened = [];
  await writeFiles(directory.path, {
    app: { content: "program", mode: 0o755 },
    "etc/app.yaml": "level: info\n",
  });
});
afterEach(() => Promise.all([directory.remove(), workspace.remove()]));

const file = { mode: 0o644 };

/** A small distribution of two layers, with the links that real ones have. */
const alpine: MemberSpec[][] = [
  [
    { path: "bin", type: "symlink", target: "usr/bin" },
    { path: "etc/group", ...file, content: "root:x:0:\napp:x:70:\n" },
    { path: "etc/passwd", ...file, content: "root:x:0:0::/:/bin/sh\napp:x:70:71::/:/sbin/nologin\n" },
    { path: "etc/ssl/cert.pem", type: "symlink", target: "certs/ca-certificates.crt" },
    { path: "etc/ssl/certs/ca-certificates.crt", ...file, content: "old certificates" },
    { path: "usr/bin/busybox", content: "busybox" },
    { path: "usr/bin/wget", type: "hardlink", target: "usr/bin/busybox" },
    { path: "usr/share/zoneinfo/Europe/Berlin", ...file, content: "Berlin" },
    { path: "usr/share/zoneinfo/Europe/Vienna", ...file, content: "Vienna" },
    { path: "usr/share/zoneinfo/UTC", mode: 0o640, uid: 3, gid: 4, content: "UTC" },
    { path: "var/lock", type: "symlink", target: "/run/lock" },
  ],
  [
    { path: "etc/ssl/certs/ca-certificates.crt", ...file, content: "new certificates" },
    { path: "usr/share/zoneinfo/Europe/.wh.Berlin" },
  ],
];

// cap_net_raw+ep, as Linux keeps it: bytes that are no UTF-8, and a line end.
const capability = Buffer.from("0100000200200000000000000a00ff0000000000", "hex");

const images: Readonly<Record<string, BaseOptions>> = {
  alpine: { layers: alpine },
  broken: { layers: [[]], firstLayer: Buffer.from("no layer") },
  // Names that come twice, as programs append to an archive.
  twice: {
    layers: [
      [
        { path: "a", content: "first" },
        { path: "link", type: "hardlink", target: "a" },
        { path: "a", content: "the second" },
        { path: "again", type: "hardlink", target: "a" },
        { path: "empty", content: "" },
        { path: "b", content: "gone" },
      ],
      [{ path: ".wh.b" }, { path: "b", content: "here" }],
    ],
  },
  capable: { layers: [[{ path: "ping", capability, content: "ping" }]] },
  "tools:1": { layers: [[{ path: "opt/tool", content: "tool" }]] },
};

async function openImage(
  reference: string,
  platform: { os: string; architecture: string },
): Promise<BaseImage> {
  const image = images[reference];
  if (image === undefined) throw new Error(`There is no ${reference}.`);
  opened.push(`${reference} ${formatPlatform(platform)}`);
  return makeBase({ ...image, platform: formatPlatform(platform) });
}

interface Options {
  platform?: string;
  stage?: string;
}

function assemble(
  text: string,
  { platform = "linux/amd64", ...options }: Options = {},
): Promise<AssembledVariant> {
  return assembleVariant({
    dockerfile: parseDockerfile(text, "Dockerfile"),
    context: openContext(directory.path),
    target: { platform: parsePlatform(platform), buildArgs: {}, ...options },
    openImage,
    created: 0,
    workspace: workspace.path,
  });
}

/** The files of all own layers of an image, by path. */
async function contentOf({ layers }: AssembledVariant): Promise<Record<string, string>> {
  const read = await Promise.all(layers.map(readLayer));
  return Object.assign({}, ...read);
}

describe("COPY --from", () => {
  it.each<[string, string, Record<string, string>]>([
    [
      "an image, of a file that its second layer replaces",
      "COPY --from=alpine /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/",
      { "etc/ssl/certs/ca-certificates.crt": "new certificates" },
    ],
    ["through a link", "COPY --from=alpine /etc/ssl/cert.pem /ca.crt", { "ca.crt": "new certificates" }],
    [
      "through a directory that is a link",
      "COPY --from=alpine /bin/busybox /bin/",
      { "bin/busybox": "busybox" },
    ],
    ["of a hard link", "COPY --from=alpine /usr/bin/wget /wget", { wget: "busybox" }],
    [
      "of a directory, without what a later layer removed",
      "COPY --from=alpine /usr/share/zoneinfo /z",
      { "z/Europe/Vienna": "Vienna", "z/UTC": "UTC" },
    ],
    [
      "of what a pattern matches",
      "COPY --from=alpine /usr/share/zoneinfo/*/V* /usr/bin/b* /z/",
      { "z/Vienna": "Vienna", "z/busybox": "busybox" },
    ],
    [
      "twice the same layer, and another image",
      "COPY --from=alpine /usr/bin/busybox /a\nCOPY --from=alpine /usr/share/zoneinfo/UTC /b\nCOPY --from=tools:1 /opt/tool /c",
      { a: "busybox", b: "UTC", c: "tool" },
    ],
    [
      "of files that name users, which are held in memory",
      "COPY --from=alpine /etc/passwd /etc/group /etc/",
      {
        "etc/passwd": "root:x:0:0::/:/bin/sh\napp:x:70:71::/:/sbin/nologin\n",
        "etc/group": "root:x:0:\napp:x:70:\n",
      },
    ],
    [
      "a relative path, which starts at the root",
      "COPY --from=alpine usr/share/zoneinfo/UTC /u",
      { u: "UTC" },
    ],
  ])("%s", async (_, body, expected) => {
    const image = await assemble(`FROM scratch\n${body}`);
    expect(await contentOf(image)).toEqual(expected);
    await packImage([image], {
      annotations: {},
      format: "oci",
      compression: "gzip",
      directory: workspace.path,
    });
  });

  it.each<[string, string[]]>([
    ["COPY --from=alpine /usr/share/zoneinfo/UTC /z/", ["755 0:0 z/", "640 0:0 z/UTC"]],
    ["COPY --from=alpine --chown=1:2 --chmod=0400 /usr/share/zoneinfo/UTC /u", ["400 1:2 u"]],
    [
      "COPY --from=alpine /etc/ssl /s",
      [
        "755 0:0 s/",
        "777 0:0 s/cert.pem -> certs/ca-certificates.crt",
        "755 0:0 s/certs/",
        "644 0:0 s/certs/ca-certificates.crt",
      ],
    ],
    ["COPY --from=alpine /etc/passwd /etc/\nCOPY --chown=app app /app", ["755 70:71 app"]],
  ])("keeps permissions, and gives everything to root unless told otherwise: %j", async (body, expected) => {
    const { layers } = await assemble(`FROM scratch\n${body}`);
    const last = layers.at(-1);
    expect(last && (await listLayer(last))).toEqual(expected);
  });

  it.each<[string, string, Record<string, string>]>([
    [
      "a stage",
      "FROM alpine AS files\nCOPY app /usr/share/\nFROM scratch\nCOPY --from=files /usr/share/app /usr/bin/wget /",
      { app: "program", wget: "busybox" },
    ],
    [
      "a stage by its place",
      "FROM alpine\nFROM scratch\nCOPY app /\nFROM scratch\nCOPY --from=0 /usr/bin/busybox /\nCOPY --from=1 /app /",
      { busybox: "busybox", app: "program" },
    ],
    [
      "a stage that copies out of a stage",
      "FROM scratch AS a\nCOPY --from=alpine /etc/ssl/cert.pem /x\nFROM scratch AS b\nCOPY --from=a /x /y\nFROM scratch\nCOPY --from=b /y /z",
      { z: "new certificates" },
    ],
    [
      "a stage as it is by then: what another one adds to it is not there",
      "FROM scratch AS a\nCOPY app /a\nFROM a AS b\nCOPY app /b\nFROM scratch\nCOPY --from=a / /a/\nCOPY --from=b / /b/",
      { "a/a": "program", "b/a": "program", "b/b": "program" },
    ],
    [
      "a heredoc of a stage",
      "FROM scratch AS a\nCOPY <<text /\nhello\ntext\nFROM scratch\nCOPY --from=a /text /",
      { text: "hello\n" },
    ],
    [
      "what the image starts from",
      "FROM alpine AS a\nFROM a\nCOPY --from=a /usr/bin/busybox /copy",
      { copy: "busybox" },
    ],
  ])("%s", async (_, text, expected) => {
    const image = await assemble(text);
    expect(await contentOf(image)).toEqual(expected);
    await packImage([image], {
      annotations: {},
      format: "oci",
      compression: "gzip",
      directory: workspace.path,
    });
  });

  it("is of another platform's image where FROM says so, and of the own one else", async () => {
    const text =
      "FROM --platform=linux/amd64 alpine AS a\nFROM --platform=$BUILDPLATFORM tools:1 AS b\nFROM scratch\nCOPY --from=a /usr/bin/busybox /\nCOPY --from=b /opt/tool /\nCOPY --from=alpine /usr/share/zoneinfo/UTC /";
    const image = await assemble(text, { platform: "linux/arm64" });
    expect(opened).toEqual(["alpine linux/amd64", "tools:1 linux/arm64", "alpine linux/arm64"]);
    expect(await contentOf(image)).toEqual({ busybox: "busybox", tool: "tool", UTC: "UTC" });
  });

  it("takes out of layers only what the image has", async () => {
    const image = await assemble(
      "FROM scratch AS a\nCOPY --from=alpine /usr /usr\nFROM scratch\nCOPY --from=a /usr/share/zoneinfo/UTC /",
    );
    expect(await contentOf(image)).toEqual({ UTC: "UTC" });
    const taken = await readdir(workspace.path, { recursive: true, withFileTypes: true });
    expect(taken.filter((entry) => entry.isFile())).toHaveLength(1);
  });

  it("takes each file where it lies, whatever else has its name, and once", async () => {
    const image = await assemble("FROM scratch\nCOPY --from=twice / /");
    expect(await contentOf(image)).toEqual({
      a: "the second",
      again: "the second",
      b: "here",
      empty: "",
      link: "first",
    });
    const taken = await readdir(workspace.path, { recursive: true, withFileTypes: true });
    expect(taken.filter((entry) => entry.isFile())).toHaveLength(4);
  });

  it("keeps what a file may do, as BuildKit does", async () => {
    const image = await assemble("FROM scratch\nCOPY --from=capable --chown=1:2 /ping /sub/");
    const found: (string | undefined)[] = [];
    for await (const { header } of readTar(
      image.layers[0]?.open() ?? Readable.from([]),
      "layer",
      () => false,
    ))
      found.push(`${header.path} ${header.capability?.toString("hex")}`);
    expect(found).toEqual(["sub/ undefined", `sub/ping ${capability.toString("hex")}`]);
  });

  it("keeps two platforms apart in one directory", async () => {
    const text = "FROM scratch\nARG TARGETARCH\nCOPY --from=alpine /usr/bin/busybox /$TARGETARCH";
    const variants = [await assemble(text), await assemble(text, { platform: "linux/arm64" })];
    expect(await Promise.all(variants.map(contentOf))).toEqual([{ amd64: "busybox" }, { arm64: "busybox" }]);
    await packImage(variants, {
      annotations: {},
      format: "oci",
      compression: "gzip",
      directory: workspace.path,
    });
  });

  it.each<[string, string]>([
    [
      "COPY --from=alpine /nothing /",
      'Dockerfile:2: expected /nothing to be in alpine, where --from takes it, got "COPY --from=alpine /nothing /". Check the path.',
    ],
    ["COPY --from=alpine /nothing* /", "expected /nothing* to be in alpine"],
    ["COPY --from=alpine /nothing/x* /", "expected /nothing to be in alpine"],
    ["COPY --from=alpine /var/lock /", "expected /var/lock to be in alpine"],
    ["COPY --from=scratch /x /", "expected /x to be in scratch"],
    [
      "COPY --from=alpine /usr/bin/busybox /usr/.wh.x",
      '/usr/.wh.x: expected a name that does not begin with .wh., by which layers say that a file was removed, got ".wh.x". Rename it, or leave it out.',
    ],
  ])("refuses %j", async (body, message) => {
    const image = assemble(`FROM scratch\n${body}`);
    await expect(image).rejects.toThrow(InputError);
    await expect(image).rejects.toThrow(message);
  });

  it("refuses what a stage does not have, and names the stage", async () => {
    const image = assemble("FROM scratch AS files\nFROM scratch\nCOPY --from=files /app /");
    await expect(image).rejects.toThrow(
      "Dockerfile:3: expected /app to be in stage 0, where --from takes it",
    );
  });
});

describe("FROM a stage", () => {
  const instructions = [
    "ARG VERSION=1.2.3",
    "ENV MODE=$VERSION LEVEL=low",
    "ARG LEVEL=high",
    "LABEL a=$VERSION b=$MODE",
    "USER 70:71",
    "WORKDIR /srv",
    'SHELL ["/bin/bash", "-c"]',
    "EXPOSE 80",
    "MAINTAINER Hello",
    "COPY app ./",
  ];
  const rest = ["LABEL c=$VERSION d=$MODE e=$LEVEL", "COPY etc etc", "WORKDIR data", "CMD serve"];

  it.each(["scratch", "alpine"])("is the image that one stage on %s makes", async (base) => {
    const one = await assemble([`FROM ${base}`, ...instructions, ...rest].join("\n"));
    const two = await assemble([`FROM ${base} AS first`, ...instructions, "FROM First", ...rest].join("\n"));
    expect(JSON.parse(two.config.toString())).toEqual(JSON.parse(one.config.toString()));
    expect(two.imageId).toBe(one.imageId);
    expect(await Promise.all(two.layers.map(listLayer))).toEqual(
      await Promise.all(one.layers.map(listLayer)),
    );
    expect(JSON.parse(one.config.toString()).config.Labels).toEqual({
      a: "1.2.3",
      b: "1.2.3",
      c: "1.2.3",
      d: "1.2.3",
      e: "high",
    });
  });

  it("ends a CMD of the other stage with ENTRYPOINT, as that of any base", async () => {
    const { config } = await assemble('FROM scratch AS a\nCMD ["x"]\nFROM a\nENTRYPOINT ["y"]');
    expect(JSON.parse(config.toString()).config).toEqual({
      Entrypoint: ["y"],
      Env: [expect.stringMatching(/^PATH=/)],
      WorkingDir: "/",
    });
  });

  it("inherits nothing from a stage that only files are copied from", async () => {
    const text =
      "FROM alpine AS a\nARG X=1\nENV Y=1\nUSER 7\nLABEL z=1\nCOPY app /\nFROM scratch\nCOPY --from=a /app /\nLABEL x=$X y=$Y";
    const { config, layers, base } = await assemble(text);
    expect(base).toBeUndefined();
    expect(layers).toHaveLength(1);
    const { config: container, history } = JSON.parse(config.toString());
    expect(container).toEqual({
      Env: [expect.stringMatching(/^PATH=/)],
      WorkingDir: "/",
      Labels: { x: "", y: "" },
    });
    expect(history.map(({ created_by }: { created_by: string }) => created_by)).toEqual([
      "COPY --from=a /app /",
      "LABEL x=$X y=$Y",
    ]);
  });

  it("is the stage that is asked for, and opens no image of another", async () => {
    const text = "FROM alpine AS small\nCOPY app /\nFROM tools:1 AS large\nCOPY etc /etc";
    const image = await assemble(text, { stage: "small" });
    expect(await contentOf(image)).toEqual({ app: "program" });
    expect(opened).toEqual(["alpine linux/amd64"]);
  });
});

describe("RUN", () => {
  const way = "Build that image with --builder Auto or Engine.";
  it.each<[string, string, number]>([
    ["in the image", "FROM scratch\nRUN make it", 2],
    ["in what the image starts from", "FROM scratch AS a\nRUN make it\nFROM a\nCOPY app /", 2],
    [
      "in a stage that files are copied from",
      "FROM tools:1\nRUN make it\nFROM scratch\nCOPY --from=0 /it /",
      2,
    ],
    [
      "in the last stage before another",
      "FROM scratch AS x\nRUN make it\nFROM scratch\nCOPY --from=x / /\nRUN that",
      2,
    ],
  ])("needs a builder %s, and is named", async (_, text, line) => {
    const image = assemble(text);
    await expect(image).rejects.toThrow(BuilderNeededError);
    await expect(image).rejects.toThrow(
      `Dockerfile:${line}: expected instructions that copy files or describe the image, got "RUN make it". ${way}`,
    );
  });

  it("is refused before a layer is read", async () => {
    const image = assemble("FROM broken\nCOPY app /\nRUN make it");
    await expect(image).rejects.toThrow(BuilderNeededError);
  });

  it("decides nothing in a stage that nothing needs, whose image is not opened either", async () => {
    const image = await assemble("FROM golang AS build\nRUN make it\nFROM scratch\nCOPY app /");
    expect(await contentOf(image)).toEqual({ app: "program" });
    expect(opened).toEqual([]);
  });
});
