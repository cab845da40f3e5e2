import { expect, it } from "vitest";
import { BuilderNeededError } from "../../src/errors.js";
import { assemble, release } from "../support/image-assembly.js";
import { writeFiles } from "../support/image-files.js";
import { makeTemporaryDirectory } from "../support/temporary-directory.js";

it("leaves stages that double their files with each other to the engine", async () => {
  const { path } = makeTemporaryDirectory();
  await writeFiles(path, release.files);
  const stages = Array.from(
    { length: 60 },
    (_, at) => `FROM scratch AS s${at + 1}\nCOPY --from=s${at} / /a/\nCOPY --from=s${at} / /b/\n`,
  );
  const text = `FROM scratch AS s0\nCOPY linux /d/\n${stages.join("")}`;
  await expect(assemble(path, { text })).rejects.toThrow(BuilderNeededError);
});
