import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseSettings } from "../../src/config.js";
import { parseDockerfile } from "../../src/image/dockerfile.js";
import { Phases } from "../../src/phases.js";
import { assembleRelease } from "../../src/release/assemble.js";
import { readRef } from "../../src/release/ref.js";
import { rehearsalTargets, rehearse } from "../../src/release/rehearsal.js";
import type { ReleaseRequest } from "../../src/release/release.js";
import { stageRelease } from "../../src/release/stage.js";
import { makeClient } from "../support/client.js";
import { type MemoryRegistry, startMemoryRegistry } from "../support/memory-registry.js";
import { makeTemporaryDirectory } from "../support/temporary-directory.js";
import { tinyProgram } from "../support/tiny-program.js";

let registry: MemoryRegistry;

beforeAll(async () => {
  registry = await startMemoryRegistry();
});
afterAll(() => registry?.stop());

async function request(path: string, { addition = "" } = {}): Promise<ReleaseRequest> {
  const binaries = makeTemporaryDirectory().path;
  const program = Buffer.concat([tinyProgram("amd64"), Buffer.from(addition)]);
  await writeFile(join(binaries, "hello_linux_amd64"), program, { mode: 0o755 });
  const client = makeClient();
  const trigger = readRef("refs/heads/main", { mainBranch: "main", preRelease: true });
  const staged = await stageRelease({
    settings: { ...parseSettings(undefined).release, platforms: ["linux/amd64"] },
    trigger,
    binaries,
    dockerfile: parseDockerfile("FROM scratch\nCOPY linux/amd64/hello /hello\n", "Dockerfile.release"),
    workspace: makeTemporaryDirectory().path,
  });
  return {
    ...(await assembleRelease(staged, { client, sourceDateEpoch: 0 })),
    client,
    phases: new Phases(() => 0),
    trigger,
    targets: rehearsalTargets([], registry.address).map((target) => ({
      ...target,
      repository: { ...target.repository, path },
    })),
    firstPublish: false,
    skipPush: false,
  };
}

describe("a rehearsal", () => {
  it("passes where the second release sends nothing, and gives both reports", async () => {
    const { markdown, data } = await rehearse(() => request("same"));
    expect(markdown.match(/^Release for a push to main$/gm)).toHaveLength(2);
    expect(markdown).toMatch(/the second release, 0\.0 MB sent/);
    expect(data).toMatchObject({ bytesSent: 0 });
  });

  it("fails where the second release sends something, with both reports", async () => {
    const programs = ["", "another build"].values();
    const rehearsal = rehearse(() => request("other", { addition: programs.next().value ?? "" }));
    await expect(rehearsal).rejects.toThrow(
      /^The second release sent [1-9]\d* bytes, expected none: .*\n\n(.|\n)*\| pushed, (.|\n)*\| pushed, /,
    );
  });
});

it.each([
  ["nothing", [], [{ path: "rehearsal", latest: "main" }]],
  [
    "every repository below its registry, with what its latest follows",
    [
      { repository: { registry: "ghcr.io", path: "acme/app" }, latest: "main" },
      { repository: { registry: "localhost:5000", path: "acme/app" }, latest: "highest" },
    ],
    [
      { path: "ghcr.io/acme/app", latest: "main" },
      { path: "localhost-5000/acme/app", latest: "highest" },
    ],
  ],
] as const)("targets of a rehearsal: %s", (_, targets, expected) => {
  expect(rehearsalTargets(targets, "rehearsal.localhost:5000")).toEqual(
    expected.map(({ path, latest }) => ({
      repository: { registry: "rehearsal.localhost:5000", path },
      latest,
    })),
  );
});
