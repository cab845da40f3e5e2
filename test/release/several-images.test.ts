import { describe, expect, it } from "vitest";
import { parseSettings } from "../../src/config.js";
import { ConflictError, InputError } from "../../src/errors.js";
import { formatRepository, type Repository } from "../../src/registry/reference.js";
import { rollBackRelease } from "../../src/release/rollback.js";
import { ReportFormat, render } from "../../src/report.js";
import { selectRemovable } from "../../src/tags/removal.js";
import { callRelease } from "../support/call-release.js";
import { makeClient } from "../support/client.js";
import type { ProxiedRegistry } from "../support/proxied-registry.js";
import { useRegistryPair } from "../support/registry-pair.js";
import { makeReleasedImage } from "../support/released-image.js";
import { messageThrownBy } from "../support/thrown.js";

const plain = await makeReleasedImage("plain");
const alpine = await makeReleasedImage("alpine");

let first: ProxiedRegistry;
let second: ProxiedRegistry;

useRegistryPair((...pair) => {
  [first, second] = pair;
});

interface Options {
  ref?: string;
  as?: string;
  /** Repositories of the second image, in place of those of both. */
  others?: readonly Repository[];
  built?: (typeof plain)[];
}

const named = (repositories: readonly Repository[]) =>
  repositories.map((repository) => ({ repository: formatRepository(repository), latest: "highest" }));

function settingsFor(repositories: readonly Repository[], others?: readonly Repository[]) {
  return {
    repositories: named(repositories),
    tags: ["{version}", "{major}.{minor}"],
    images: [
      { name: "plain" },
      { name: "alpine", suffix: "-alpine", ...(others && { repositories: named(others) }) },
    ],
  };
}

/** The images as they are read from the settings. */
function imagesFor(repositories: readonly Repository[]) {
  return parseSettings(JSON.stringify({ release: settingsFor(repositories) })).release.images;
}

/** Releases both images. */
async function run(repositories: readonly Repository[], options: Options = {}) {
  const { ref = "refs/tags/v1.2.3", as, others, built = [plain, alpine] } = options;
  const client = makeClient();
  return callRelease({ client, settings: settingsFor(repositories, others), ref, as, built });
}

/** Which image each tag holds. */
async function shelf(at: ProxiedRegistry, repository: Repository): Promise<Record<string, string>> {
  const client = makeClient();
  const direct = at.direct(repository);
  const names = new Map(
    [plain, alpine].map(({ packed }, of) => [packed.index.descriptor.digest, ["plain", "alpine"][of]]),
  );
  const tags = (await client.listTags(direct)) ?? [];
  const held = tags.map(async (tag) => {
    const digest = (await client.headManifest(direct, tag))?.digest ?? "";
    return [tag, names.get(digest) ?? digest] as const;
  });
  return Object.fromEntries(await Promise.all(held));
}

const tagsSet = ({ proxy }: ProxiedRegistry) =>
  proxy.requests.filter(({ method, path }) => method === "PUT" && /\/manifests\/(?!sha256:)/.test(path));

const whole = {
  "1.2": "plain",
  "1.2-alpine": "alpine",
  "1.2.3": "plain",
  "1.2.3-alpine": "alpine",
  latest: "plain",
  "latest-alpine": "alpine",
};

describe("several images of one release", () => {
  it("are published by one call, each under its tags, and found by the next", async () => {
    const repositories = [first.repository(), second.repository()];
    const { outputs, markdown, data } = await run(repositories);
    expect(await shelf(first, repositories[0] as Repository)).toEqual(whole);
    expect(await shelf(second, repositories[1] as Repository)).toEqual(whole);
    expect(markdown).toContain("\n\nImage plain\n\n|");
    expect(markdown).toContain("\n\nImage alpine\n\n|");
    expect(data).toMatchObject({ images: [{ name: "plain" }, { name: "alpine", image: alpine.ids }] });
    expect(outputs).toMatchObject({
      VERSION: "1.2.3",
      CHANGED: true,
      DIGEST_PLAIN: plain.packed.index.descriptor.digest,
      DIGEST_ALPINE: alpine.packed.index.descriptor.digest,
      TAGS_ALPINE: ["1.2.3-alpine", "1.2-alpine", "latest-alpine"],
    });
    expect(Object.keys(outputs)).not.toContain("DIGEST");

    for (const { proxy } of [first, second]) proxy.clear();
    const again = await run(repositories);
    expect(render(again, ReportFormat.Dotenv)).toContain("CHANGED=false\nBYTES_SENT=0\n");
    expect([...tagsSet(first), ...tagsSet(second)]).toEqual([]);
  });

  it("wait for each other before a tag moves, in every repository, and are completed by the next call", async () => {
    const [here, there, refusing] = [first.repository(), second.repository(), second.repository()];
    second.proxy.setFault(({ method, path }) =>
      method === "PUT" && path.startsWith(`/v2/${refusing.path}/`)
        ? { kind: "answer", status: 500 }
        : undefined,
    );
    const others = [here, refusing];
    const message = await messageThrownBy(() => run([here, there], { others }));
    expect(message).toContain(
      `no tag was moved, since the images of a release appear together and one did not arrive in ${formatRepository(refusing)}`,
    );
    expect(tagsSet(first)).toEqual([]);
    expect(tagsSet(second)).toEqual([]);

    second.proxy.setFault(() => undefined);
    await run([here, there], { others });
    expect(await shelf(first, here)).toEqual(whole);
    expect(Object.keys(await shelf(second, there))).toEqual(["1.2", "1.2.3", "latest"]);
  });

  it("are published nowhere where one of them is another image already", async () => {
    const repositories = [first.repository(), first.repository()];
    await run(repositories.slice(0, 1), { built: [plain, plain] });
    first.proxy.clear();
    await expect(run(repositories)).rejects.toThrow(ConflictError);
    expect(first.proxy.requests.filter(({ method }) => method === "PUT")).toEqual([]);
  });

  it("do not take a variant of a version for a pre-release, nor the other way round", async () => {
    const repository = first.repository();
    await run([repository]);
    await expect(run([repository], { ref: "refs/tags/v1.2.4-alpine" })).rejects.toThrow(
      "tag of a release: expected a version whose tags are no other's",
    );
    await run([repository], { ref: "refs/tags/v1.2.4", built: [alpine, plain] });
    await run([repository], { ref: "refs/tags/v1.1.9" });
    expect(await shelf(first, repository)).toMatchObject({
      latest: "alpine",
      "latest-alpine": "plain",
      "1.1": "plain",
      "1.1-alpine": "alpine",
    });
  });

  it("have names of their own in a run by hand, which remove-tag removes together", async () => {
    const repository = first.repository();
    await run([repository], { as: "pr-17", ref: "refs/heads/feature" });
    expect(await shelf(first, repository)).toEqual({ "pr-17": "plain", "pr-17-alpine": "alpine" });
    const [image] = imagesFor([repository]);
    const pick = (tag: string, listed: string[] = []) => image && selectRemovable(tag, image).pick(listed);
    expect(pick("pr-17")).toEqual(["pr-17", "pr-17-alpine"]);
    expect(pick("v0.0.1-test", ["0.0.1-test", "0.0.1-test-alpine", "0.0.2-test"])).toEqual([
      "0.0.1-test",
      "0.0.1-test-alpine",
    ]);
    expect(() => pick("latest-alpine")).toThrow(InputError);
    expect(() => pick("1.2.3-alpine")).toThrow(InputError);
    await expect(run([repository], { as: "latest", ref: "refs/heads/feature" })).rejects.toThrow("--as");
  });

  it("go back together", async () => {
    const repository = first.repository();
    await run([repository]);
    await run([repository], { ref: "refs/tags/v1.2.4", built: [alpine, plain] });
    const images = imagesFor([repository]).map((rules) => ({
      rules,
      targets: rules.repositories,
    }));
    const back = (tags: string[]) => rollBackRelease({ client: makeClient(), images, tag: "v1.2.3", tags });
    await back(["1.2-alpine"]);
    expect(await shelf(first, repository)).toMatchObject({ "1.2": "alpine", "1.2-alpine": "alpine" });
    await back([]);
    expect(await shelf(first, repository)).toMatchObject(whole);
    await expect(back(["1.3"])).rejects.toThrow("which are 1.2, latest, 1.2-alpine, latest-alpine");
  });
});
