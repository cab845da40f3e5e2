import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BuildContext } from "../../src/dockerfile/build-context.js";
import { describeStages } from "../../src/dockerfile/description.js";
import { parseDockerfile } from "../../src/dockerfile/dockerfile.js";
import { applyChange } from "../../src/dockerfile/file-changes.js";
import { emptyConfig } from "../../src/dockerfile/from.js";
import { InputError } from "../../src/errors.js";
import { readBaseFiles } from "../../src/layer/base-files.js";
import { FileTree } from "../../src/layer/file-tree.js";
import { createLayer } from "../../src/layer/layer.js";
import { type MemberSpec, makeArchive, makeBase } from "../support/image-base.js";
import { listLayer, openContext, readLayer, writeFiles } from "../support/image-files.js";
import { makeTemporaryDirectory, type TemporaryDirectory } from "../support/temporary-directory.js";

let directory: TemporaryDirectory;
let context: BuildContext;

beforeAll(async () => {
  directory = makeTemporaryDirectory();
  await writeFiles(directory.path, {
    app: { content: "program", mode: 0o755 },
    "etc/a.yaml": "a",
    "etc/b.yaml": "b",
    "etc/.c": "c",
    "etc/sub/d": "d",
    "etc/link": { link: "a.yaml" },
    linked: { link: "etc/a.yaml" },
    linkedDirectory: { link: "./etc/sub" },
    circle: { link: "circle" },
    dangling: { link: "nowhere" },
    "overlay/tmp/t": "t",
    "overlay/run/r": "r",
    "empty/": "",
    passwd: "app:x:1000:1001::/:/bin/sh\n",
  });
  await writeFile(join(directory.path, "archive.tar"), makeArchive([{ path: "a" }]));
  await writeFile(join(directory.path, "archive.tgz"), gzipSync(makeArchive([{ path: "a" }])));
  context = openContext(directory.path);
});
afterAll(() => directory.remove());

/** A base with what bases have: links between directories, and directories that are not plain. */
const baseMembers: MemberSpec[] = [
  { path: "bin", type: "symlink", mode: 0o777, target: "usr/bin" },
  { path: "etc", type: "directory" },
  {
    path: "etc/passwd",
    mode: 0o644,
    content: "root:x:0:0::/:/bin/sh\nnobody:x:65534:65533::/:\nfar:x:4294967297:1::/:\n",
  },
  { path: "etc/group", mode: 0o644, content: "root:x:0:\nnogroup:x:65532:\n" },
  { path: "home/app", type: "directory", mode: 0o700, uid: 7, gid: 8 },
  { path: "run", type: "directory" },
  { path: "tmp", type: "directory", mode: 0o1777 },
  { path: "usr/bin", type: "directory" },
  { path: "usr/bin/tool" },
  { path: "var/run", type: "symlink", mode: 0o777, target: "/run" },
  { path: "loop", type: "symlink", mode: 0o777, target: "loop" },
  { path: "dang", type: "symlink", mode: 0o777, target: "/nowhere/x" },
];

/** The layer that the last instruction makes. */
async function lastLayer(body: string, base?: readonly MemberSpec[]) {
  const target = { platform: { os: "linux", architecture: "amd64" }, buildArgs: {} };
  const tree = base === undefined ? new FileTree() : await readBaseFiles(await makeBase({ layers: [base] }));
  const dockerfile = parseDockerfile(`FROM x\n${body}`, "Dockerfile");
  const steps = describeStages(dockerfile, target, () => emptyConfig).flatMap((stage) => stage.steps);
  let layer: Awaited<ReturnType<typeof createLayer>>;
  for (const { instruction, change } of steps) {
    if (change !== undefined) await applyChange(tree, change, context, instruction);
    layer = await createLayer(tree, tree.takeChanges(), 0, directory.path);
  }
  return layer;
}

// What BuildKit makes of the same lines, members sorted.
describe("on an empty root", () => {
  it.each<[string, string[]]>([
    ["COPY app /app", ["755 0:0 app"]],
    ["COPY app /usr/bin/", ["755 0:0 usr/", "755 0:0 usr/bin/", "755 0:0 usr/bin/app"]],
    ["COPY app /usr/bin/tool", ["755 0:0 usr/", "755 0:0 usr/bin/", "755 0:0 usr/bin/tool"]],
    [
      "COPY etc /x",
      [
        "755 0:0 x/",
        "644 0:0 x/.c",
        "644 0:0 x/a.yaml",
        "644 0:0 x/b.yaml",
        "777 0:0 x/link -> a.yaml",
        "755 0:0 x/sub/",
        "644 0:0 x/sub/d",
      ],
    ],
    ["COPY etc/sub etc/a.yaml /x/", ["755 0:0 x/", "644 0:0 x/a.yaml", "644 0:0 x/d"]],
    ["COPY etc/*.yaml /x/", ["755 0:0 x/", "644 0:0 x/a.yaml", "644 0:0 x/b.yaml"]],
    ["COPY e*/[ab].yaml /x/", ["755 0:0 x/", "644 0:0 x/a.yaml", "644 0:0 x/b.yaml"]],
    ["COPY e?c/s* /x", ["755 0:0 x/", "644 0:0 x/d"]],
    ["COPY app nothing* /x/", ["755 0:0 x/", "755 0:0 x/app"]],
    ["COPY ../../app /", ["755 0:0 app"]],
    ["COPY linked /x/", ["755 0:0 x/", "644 0:0 x/linked"]],
    ["COPY linkedDirectory /x", ["755 0:0 x/", "644 0:0 x/d"]],
    ["COPY linkedDirectory/d* /x", ["644 0:0 x"]],
    ["COPY --chown=1:2 etc/sub /x/y", ["755 1:2 x/", "755 1:2 x/y/", "644 1:2 x/y/d"]],
    ["COPY --chown=3 app /x/app", ["755 3:3 x/", "755 3:3 x/app"]],
    ["COPY --chown=root:4 app /app", ["755 0:4 app"]],
    ["COPY --chown=3000000:2 app /app", ["755 3000000:2 app"]],
    ["COPY --chown=2147483647 app /app", ["755 2147483647:2147483647 app"]],
    ["COPY --chmod=0640 app /x/y/app", ["640 0:0 x/", "640 0:0 x/y/", "640 0:0 x/y/app"]],
    [
      "COPY --chmod=0700 --chown=65532:65532 etc/sub /data/",
      ["700 65532:65532 data/", "700 65532:65532 data/d"],
    ],
    ["COPY --chmod=0775 etc/sub /data", ["775 0:0 data/", "775 0:0 data/d"]],
    ["COPY --chmod=1777 etc/sub /a/data/", ["777 0:0 a/", "777 0:0 a/data/", "1777 0:0 a/data/d"]],
    ["COPY --chmod=0700 empty /data/", ["700 0:0 data/"]],
    ["WORKDIR /data\nCOPY --chmod=0700 --chown=1:2 etc/sub /data/", ["755 0:0 data/", "700 1:2 data/d"]],
    ["COPY --chmod=0700 --link etc/sub /data/", ["700 0:0 data/", "700 0:0 data/d"]],
    [
      "COPY --chmod=4700 etc /x/",
      [
        "700 0:0 x/",
        "4700 0:0 x/.c",
        "4700 0:0 x/a.yaml",
        "4700 0:0 x/b.yaml",
        "777 0:0 x/link -> a.yaml",
        "4700 0:0 x/sub/",
        "4700 0:0 x/sub/d",
      ],
    ],
    ["COPY --chmod=755 --chown=1:2 <<run.sh /bin/\necho\nrun.sh", ["755 1:2 bin/", "755 1:2 bin/run.sh"]],
    ["COPY --chmod=644 <<run.sh /bin/\necho\nrun.sh", ["644 0:0 bin/", "644 0:0 bin/run.sh"]],
    ["COPY <<a /b\na", ["644 0:0 b"]],
    ["COPY --link app /x/", ["755 0:0 x/", "755 0:0 x/app"]],
    ["ADD app etc/sub /x/", ["755 0:0 x/", "755 0:0 x/app", "644 0:0 x/d"]],
    ["WORKDIR /a/b", ["755 0:0 a/", "755 0:0 a/b/"]],
    ["USER 1:2\nWORKDIR /a/b", ["755 1:2 a/", "755 1:2 a/b/"]],
    ["COPY app /a\nCOPY etc/a.yaml /a", ["644 0:0 a"]],
    ["COPY etc /x\nCOPY app /x", ["755 0:0 x/", "755 0:0 x/app"]],
    [
      "COPY etc /x\nCOPY --chown=1:2 --chmod=700 etc/ /x/",
      [
        "755 0:0 x/",
        "700 1:2 x/.c",
        "700 1:2 x/a.yaml",
        "700 1:2 x/b.yaml",
        "777 1:2 x/link -> a.yaml",
        "700 1:2 x/sub/",
        "700 1:2 x/sub/d",
      ],
    ],
    ["COPY etc /x\nCOPY app /x/link", ["755 0:0 x/", "755 0:0 x/a.yaml"]],
    ["COPY passwd /etc/passwd\nCOPY --chown=app app /app", ["755 1000:1001 app"]],
  ])("%j", async (body, expected) => {
    const layer = await lastLayer(body);
    expect(layer && (await listLayer(layer))).toEqual(expected);
  });

  it("copies content", async () => {
    const layer = await lastLayer("COPY etc/*.yaml linked <<new /x/\n$HOME\nnew");
    expect(layer && (await readLayer(layer))).toEqual({
      "x/a.yaml": "a",
      "x/b.yaml": "b",
      "x/linked": "a",
      "x/new": "\n",
    });
  });
});

describe("on a base", () => {
  it.each<[string, string[] | undefined]>([
    ["COPY app /usr/bin", ["755 0:0 usr/", "755 0:0 usr/bin/", "755 0:0 usr/bin/app"]],
    ["COPY app /bin/app", ["755 0:0 usr/", "755 0:0 usr/bin/", "755 0:0 usr/bin/app"]],
    ["COPY app /var/run/app", ["755 0:0 run/", "755 0:0 run/app"]],
    ["COPY app /tmp/", ["1777 0:0 tmp/", "755 0:0 tmp/app"]],
    ["COPY app /home/app/", ["755 0:0 home/", "700 7:8 home/app/", "755 0:0 home/app/app"]],
    ["COPY --chown=nobody app /app", ["755 65534:65533 app"]],
    ["COPY --chown=nobody:nogroup app /app", ["755 65534:65532 app"]],
    ["COPY --chown=1:nogroup app /app", ["755 1:65532 app"]],
    ["USER nobody:nogroup\nWORKDIR /srv", ["755 65534:65532 srv/"]],
    ["WORKDIR /tmp", undefined],
    ["WORKDIR /var/run/app", ["755 0:0 run/", "755 0:0 run/app/"]],
    ["USER nowhere\nWORKDIR /tmp", undefined],
    ["COPY overlay/tmp /tmp", ["1777 0:0 tmp/", "644 0:0 tmp/t"]],
    ["COPY overlay/ /", ["755 0:0 run/", "644 0:0 run/r", "755 0:0 tmp/", "644 0:0 tmp/t"]],
    ["COPY app /usr/bin/tool", ["755 0:0 usr/", "755 0:0 usr/bin/", "755 0:0 usr/bin/tool"]],
    ["COPY --link app /tmp/", ["1777 0:0 tmp/", "755 0:0 tmp/app"]],
    // A link that leads to nothing: what it leads to is made.
    ["COPY app /dang", ["755 0:0 nowhere/", "755 0:0 nowhere/x"]],
    ["COPY app /dang/", ["755 0:0 nowhere/", "755 0:0 nowhere/x/", "755 0:0 nowhere/x/app"]],
    ["COPY app /dang/y", ["755 0:0 nowhere/", "755 0:0 nowhere/x/", "755 0:0 nowhere/x/y"]],
    [
      "COPY --chown=1:2 --chmod=700 etc/sub /dang",
      ["700 1:2 nowhere/", "700 1:2 nowhere/x/", "700 1:2 nowhere/x/d"],
    ],
    ["WORKDIR /dang", ["755 0:0 nowhere/", "755 0:0 nowhere/x/"]],
    ["COPY --chmod=700 overlay/ /", ["700 0:0 run/", "700 0:0 run/r", "700 0:0 tmp/", "700 0:0 tmp/t"]],
    ["COPY --chmod=700 overlay/tmp /tmp", ["1777 0:0 tmp/", "700 0:0 tmp/t"]],
  ])("%j", async (body, expected) => {
    const layer = await lastLayer(body, baseMembers);
    expect(layer && (await listLayer(layer))).toEqual(expected);
  });
});

describe("refuses", () => {
  const numbers = "Write the owner as numbers, as in 65532:65532.";
  it.each([
    [
      "COPY nothing /",
      'Dockerfile:2: expected nothing to be in the build context, got "COPY nothing /". If it is built, pass its directory as --binaries. The source has app, archive.tar, archive.tgz, circle, dangling, empty, etc, linked and 3 more.',
    ],
    ["COPY nothing* /", "expected nothing* to be in the build context"],
    [
      "COPY app absent/*.yaml /x/",
      'Dockerfile:2: expected absent to be in the build context, got "COPY app absent/*.yaml /x/".',
    ],
    ["COPY dangling /", "expected dangling to be in the build context"],
    ["COPY dang* /", "expected dangling to be in the build context"],
    ["COPY circle /", "expected circle to be in the build context"],
    ["COPY etc/*.yaml /x", "expected a destination that ends with / where there are several sources"],
    ["COPY [ /x", "expected a pattern with a ] for each ["],
    ["COPY app /loop/", "expected /loop/ without symbolic links that lead in a circle"],
    ["COPY app /usr/bin/tool/x", 'Dockerfile:2: expected a directory, got "/usr/bin/tool, a file".'],
    ["COPY etc /usr/bin/tool", 'Dockerfile:2: expected a directory, got "/usr/bin/tool, a file".'],
    [
      "COPY <<run /usr/bin/\nrun\nCOPY overlay /usr/bin/",
      'Dockerfile:4: expected a directory, got "/usr/bin/run, a file".',
    ],
    ["COPY overlay/ /var/", 'Dockerfile:2: expected a directory, got "/var/run, a symlink".'],
    ["COPY <<tmp /\ntmp\n", 'Dockerfile:2: expected a place for a file, got "/tmp, a directory".'],
    ["WORKDIR /etc/passwd/a", 'Dockerfile:2: expected a directory, got "/etc/passwd, a file".'],
    [
      "COPY --chown=app app /",
      `Dockerfile:2: expected app to be in /etc/passwd of the image, got "COPY --chown=app app /". ${numbers}`,
    ],
    [
      "COPY --chown=far app /",
      `expected far to have numbers up to 2147483647 in /etc/passwd of the image, got "COPY --chown=far app /". ${numbers}`,
    ],
    [
      "COPY --chown=1:app app /",
      `expected app to be in /etc/group of the image, got "COPY --chown=1:app app /". ${numbers}`,
    ],
    [
      "COPY --chown=:staff app /",
      'Dockerfile:2: expected an owner as user or user:group, not :staff, got "COPY --chown=:staff app /". Write both sides of the colon, as in 65532:65532.',
    ],
    ["COPY --chown=:1 app /", "expected an owner as user or user:group, not :1"],
    ["COPY --chown=nobody: app /", "expected an owner as user or user:group, not nobody:"],
    ["COPY --chown=: app /", "expected an owner as user or user:group, not :"],
    [
      "COPY --chown=4294967295 app /",
      'expected numbers of users and groups from 0 to 2147483647, not 4294967295, got "COPY --chown=4294967295 app /". Write the owner as in 65532:65532.',
    ],
    ["COPY --chown=1:2147483648 app /", "expected numbers of users and groups from 0 to 2147483647"],
    ["COPY --chown=-1 app /", "expected numbers of users and groups from 0 to 2147483647, not -1"],
    ["USER nobody:\nWORKDIR /srv", "Dockerfile:3: expected an owner as user or user:group, not nobody:"],
    [
      "USER app\nWORKDIR /srv",
      `Dockerfile:3: expected app to be in /etc/passwd of the image, got "WORKDIR /srv". ${numbers}`,
    ],
    [
      "ADD archive.tar /",
      'expected ADD without archives, which archive.tar is, got "ADD archive.tar /". Build that image with --builder Auto or Engine.',
    ],
    ["ADD *.tgz /", "expected ADD without archives, which archive.tgz is"],
    [
      "COPY --link app /bin/app",
      'expected --link only where the base has nothing to do with the destination /usr/bin/app, got "COPY --link app /bin/app". Build that image with --builder Auto or Engine.',
    ],
    [
      "COPY --link app /usr/bin",
      "expected --link only where the base has nothing to do with the destination /usr/bin",
    ],
  ])("%j", async (body, message) => {
    const layer = lastLayer(body, baseMembers);
    await expect(layer).rejects.toThrow(InputError);
    await expect(layer).rejects.toThrow(message);
  });
});
