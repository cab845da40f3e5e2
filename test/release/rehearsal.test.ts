import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseSettings } from "../../src/config.js";
import { Phases } from "../../src/phases.js";
import { assembleRelease } from "../../src/release/assemble.js";
import { foresee, planRehearsal, rehearsalTargets, rehearse } from "../../src/release/rehearsal.js";
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
    "a push to main, with what latest follows in the settings",
    main,
    [{ repository: { registry: "ghcr.io", path: "acme/app" }, latest: "highest" }],
    [{ path: "ghcr.io/acme/app", latest: "highest" }],
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

describe("what is rehearsed", () => {
  const settings = (release: object) => parseSettings(JSON.stringify({ release }));
  const highest = { repository: "ghcr.io/acme/app", latest: "highest" };

  it.each<[string, object, string | undefined, object]>([
    ["a push to main, where it publishes", { repositories: ["ghcr.io/acme/app"] }, undefined, {}],
    [
      "a push to main, which sets another tag",
      { repositories: [highest], tags: ["{version}", "{sha}"] },
      undefined,
      {},
    ],
    [
      "a run by hand, where a push publishes nothing",
      { repositories: [highest] },
      undefined,
      { as: "rehearsal" },
    ],
    ["what is given", { repositories: [highest] }, "refs/heads/main", {}],
    ["a push to main, where no repository is named", {}, undefined, {}],
  ])("is %s", (_, release, ref, expected) => {
    const { remarks, ...what } = planRehearsal(settings(release), ref);
    expect(what).toEqual({ ref: "refs/heads/main", ...expected });
    expect(remarks.length).toBe("as" in expected || !("repositories" in release) ? 1 : 0);
  });

  it("says at once that no repository is named, and what to add", () => {
    const [remark] = planRehearsal(settings({})).remarks;
    expect(remark).toContain('add {"release": {"repositories": ["ghcr.io/acme/app"]}}');
  });

  it("ends with the tags that releases set, latest as the settings have it", () => {
    const repositories = [highest, { repository: "docker.io/acme/app" }];
    const rows = foresee(settings({ repositories, tags: ["{tag}", "{major}.{minor}"] }))
      .split("\n")
      .slice(-2);
    expect(rows).toEqual([
      "| ghcr.io/acme/app | nothing | v1.2.3, 1.2, latest |",
      "| docker.io/acme/app | latest | v1.2.3, 1.2 |",
    ]);
  });
});

it("keeps two images of one repository apart that no latest tells apart in a run by hand", () => {
  const repositories = [{ repository: { registry: "ghcr.io", path: "acme/app" }, latest: "none" }] as const;
  const targets = ["app", "app-slim"].flatMap((name) =>
    rehearsalTargets({ name, repositories }, "rehearsal.localhost:5000", { kind: "manual" }),
  );
  expect(targets.map(({ repository, latest }) => [repository.path, latest])).toEqual([
    ["ghcr.io/acme/app/app", "none"],
    ["ghcr.io/acme/app/app-slim", "none"],
  ]);
});
