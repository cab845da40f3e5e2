import { accessSync, constants, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A directory of its own, removed at the latest when the process exits. */
export interface TemporaryDirectory {
  path: string;
  remove(): Promise<void>;
}

const sharedMemory = "/dev/shm";
// Containers get 64 MB by default, which a registry fills with a single image.
const enoughBytes = 1024 ** 3;
const remaining = new Set<string>();

process.once("exit", () => {
  for (const path of remaining) rmSync(path, { recursive: true, force: true });
});

/** Set by the global set-up of the tests: their workers are killed, and remove nothing themselves. */
export const parentVariable = "SLIPWAY_TEMPORARY_DIRECTORY";

/** Makes an empty directory, in memory where the machine has room for it. */
export function makeTemporaryDirectory(): TemporaryDirectory {
  const parent = process.env[parentVariable] ?? (hasRoom(sharedMemory) ? sharedMemory : tmpdir());
  const path = mkdtempSync(join(parent, "slipway-"));
  remaining.add(path);
  return {
    path,
    async remove() {
      await rm(path, { recursive: true, force: true });
      remaining.delete(path);
    },
  };
}

function hasRoom(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK);
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize >= enoughBytes;
  } catch {
    return false;
  }
}
