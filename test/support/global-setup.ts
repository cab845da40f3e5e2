import { makeTemporaryDirectory, parentVariable } from "./temporary-directory.js";

/** One directory for all that the tests of a run leave behind, removed when the last of them has ended. */
export default function setup(): () => Promise<void> {
  const { path, remove } = makeTemporaryDirectory();
  process.env[parentVariable] = path;
  return remove;
}
