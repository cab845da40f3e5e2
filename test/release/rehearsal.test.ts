import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseSettings } from "../../src/config.js";
import { Phases } from "../../src/phases.js";
import { assembleRelease } from "../../src/release/assemble.js";
import { rehearsalTargets, rehearse } from "../../src/release/rehearsal.js";
import type { ReleaseRequest } from "../../src/release/release.js";
import { stageRelease } from "../../src/release/stage.js";
import { readRef } from "../../src/tags/ref.js";
import { makeClient } from "../support/client.js";
import { dockerfileOf } from "../support/dockerfile.js";
import { type MemoryRegistry, startMemoryRegistry } from "../support/memory-registry.js";
import { makeTagRequest } from "../support/tag-request.js";
import { makeTemporaryDirectory } from "../support/temporary-directory.js";
import { tinyProgram } from "../support/tiny-program.js";

let registry: MemoryRegistry;

beforeAll(async () => {
  registry = await startMemoryRegistry();
});
afterAll(() => registry?.stop());

const main = readRef("refs/heads/main", { mainBranch: "main", preRelease: true });

async function request(
  path: string,
  { addition = "", ref = "refs/heads/main" } = {},
): Promise<ReleaseRequest> {
  const binaries = makeTemporaryDirectory().path;
  const program = Buffer.concat([tinyProgram("amd64"), Buffer.from(addition)]);
  await writeFile(join(binaries, "hello_linux_amd64"), program, { mode: 0o755 });
  const client = makeClient();
  const trigger = readRef(ref, { mainBranch: "main", preRelease: true });
  const staged = await stageRelease({
    settings: { ...parseSettings(undefined).release, platforms: ["linux/amd64"] },
    trigger,
    binaries,
    dockerfile: dockerfileOf("FROM scratch\nCOPY linux/amd64/hello /hello\n"),
    loadSource: async () => undefined,
    workspace: makeTemporaryDirectory().path,
  });
  const image = {
    ...(await assembleRelease(staged, { client, sourceDateEpoch: 0 })),
    tags: makeTagRequest(ref),
    targets: rehearsalTargets({ repositories: [] }, registry.address, trigger).map((target) => ({
      ...target,
      repository: { ...target.repository, path },
    })),
  };
  return { client, phases: new Phases(() => 0), images: [image], firstPublish: false, skipPush: false };
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

  it("fails where the first release publishes nothing, since the second then shows nothing", async () => {
    const rehearsal = rehearse(() => request("feature", { ref: "refs/heads/feature" }));
    await expect(rehearsal).rejects.toThrow(/^The first release published nothing, .* --ref .*\n\n.*feature/);
  });
});

it.each([
  ["nothing", main, [], [{ path: "rehearsal", latest: "main" }]],
  [
    "a push to main, which a latest that follows versions would not publish",
    main,
    [{ repository: { registry: "ghcr.io", path: "acme/app" }, latest: "highest" }],
    [{ path: "ghcr.io/acme/app", latest: "main" }],
  ],
  [
    "every repository below its registry, with what its latest follows",
    readRef("refs/tags/v1.2.3", { mainBranch: "main", preRelease: true }),
    [
      { repository: { registry: "ghcr.io", path: "acme/app" }, latest: "main" },
      { repository: { registry: "localhost:5000", path: "acme/app" }, latest: "highest" },
    ],
    [
      { path: "ghcr.io/acme/app", latest: "main" },
      { path: "localhost-5000/acme/app", latest: "highest" },
    ],
  ],
] as const)("targets of a rehearsal: %s", (_, trigger, targets, expected) => {
  expect(rehearsalTargets({ repositories: targets }, "rehearsal.localhost:5000", trigger)).toEqual(
    expected.map(({ path, latest }) => ({
      repository: { registry: "rehearsal.localhost:5000", path },
      latest,
    })),
  );
});

it("keeps two images of one repository apart that no latest tells apart on a push to main", () => {
  const repositories = [{ repository: { registry: "ghcr.io", path: "acme/app" }, latest: "none" }] as const;
  const targets = ["app", "app-slim"].flatMap((name) =>
    rehearsalTargets({ name, repositories }, "rehearsal.localhost:5000", main),
  );
  expect(targets.map(({ repository, latest }) => [repository.path, latest])).toEqual([
    ["ghcr.io/acme/app/app", "main"],
    ["ghcr.io/acme/app/app-slim", "main"],
  ]);
});
