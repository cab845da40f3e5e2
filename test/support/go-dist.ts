import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildGoProject, copyGoProject } from "./go-project.js";
import { makeTemporaryDirectory } from "./temporary-directory.js";

const recording = fileURLToPath(new URL("../fixtures/goreleaser/build", import.meta.url));

const folders = { amd64: "hello_linux_amd64_v1", arm64: "hello_linux_arm64_v8.0" };

/** GoReleaser's dist directory as it was recorded for v1.2.3, with binaries that Go builds for both platforms. */
export async function buildGoDist(): Promise<string> {
  const project = await copyGoProject();
  const dist = join(project.path, "dist");
  await cp(recording, dist, { recursive: true });
  const flags = ["-trimpath", "-ldflags=-s -w -X main.version=1.2.3"];
  for (const [goarch, folder] of Object.entries(folders))
    await buildGoProject(project, `dist/${folder}/hello`, { goarch, flags });
  return dist;
}

/** A copy of a dist directory in which the binary for arm64 is what `change` makes of both. */
export async function changeGoDist(
  dist: string,
  change: (arm64: Buffer, amd64: Buffer) => Buffer,
): Promise<string> {
  const copy = join(makeTemporaryDirectory().path, "dist");
  await cp(dist, copy, { recursive: true });
  const [amd64, arm64] = Object.values(folders).map((folder) => join(copy, folder, "hello"));
  if (amd64 === undefined || arm64 === undefined) throw new Error("The dist directory lacks a platform.");
  await writeFile(arm64, change(await readFile(arm64), await readFile(amd64)));
  return copy;
}
