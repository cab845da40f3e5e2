import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { keepAll, loadPath, readIgnoreFile } from "../../src/dockerfile/context.js";
import { writeFiles } from "../support/image-files.js";
import { makeTemporaryDirectory } from "../support/temporary-directory.js";

it("a path that is named is not looked for through a link, which may lead out of the source", async () => {
  const { path: outside } = makeTemporaryDirectory();
  const { path: source } = makeTemporaryDirectory();
  await writeFiles(outside, { secret: "s" });
  await writeFiles(source, { ".git/HEAD": "ref: refs/heads/main\n" });
  await symlink(outside, join(source, ".git/l"));
  await symlink("/", join(source, "l"));
  expect(loadPath(source, ".git/HEAD", keepAll)?.type).toBe("file");
  for (const path of [".git/l/secret", ".git/l", ".git/l/", "l/etc/passwd", "../x"])
    expect(loadPath(source, path, keepAll), path).toBeUndefined();
});

it.each(["/dev/zero", "/etc/passwd", "."])(
  "an ignore file that is a link to %s is refused unread",
  async (to) => {
    const { path } = makeTemporaryDirectory();
    await symlink(to, join(path, ".dockerignore"));
    expect(() => readIgnoreFile(path, "Dockerfile")).toThrow(/^\.dockerignore: expected a file of at most/);
  },
);
