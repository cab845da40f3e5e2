import { chmod, mkdir, readdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { nameByContent } from "../src/files.js";
import { makeTemporaryDirectory } from "./support/temporary-directory.js";

describe("a directory that is named by its content", () => {
  const change: Record<string, (directory: string) => Promise<unknown>> = {
    "a file's content": (directory) => writeFile(join(directory, "bin/run"), "other"),
    "a file's mode": (directory) => chmod(join(directory, "bin/run"), 0o600),
    "another file": (directory) => writeFile(join(directory, "bin/another"), ""),
    "a file's name": (directory) => rename(join(directory, "bin/run"), join(directory, "bin/ran")),
    "where a link leads": (directory) => symlink("bin/nowhere", join(directory, "link")),
    "an empty directory": (directory) => mkdir(join(directory, "bin/empty")),
  };

  async function named(at: string, changed?: (directory: string) => Promise<unknown>): Promise<string> {
    const { path: directory } = makeTemporaryDirectory();
    await mkdir(join(directory, "bin"));
    await writeFile(join(directory, "bin/run"), "text", { mode: 0o755 });
    await changed?.(directory);
    return nameByContent(directory, join(at, "context"));
  }

  it("has the same path for the same content, and is what lies there", async () => {
    const { path: at } = makeTemporaryDirectory();
    const path = await named(at);
    expect(await named(at)).toBe(path);
    expect(await readdir(at)).toHaveLength(1);
    expect(await readFile(join(path, "bin/run"), "utf8")).toBe("text");
  });

  it.each(Object.keys(change))("has another path with %s changed", async (what) => {
    const { path: at } = makeTemporaryDirectory();
    expect(await named(at, change[what])).not.toBe(await named(at));
  });
});
