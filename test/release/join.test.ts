import { copyFile, mkdir, readFile, truncate, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parseSettings, type ReleaseSettings } from "../../src/config.js";
import { writeLayoutArchive } from "../../src/oci/layout.js";
import { mediaTypes } from "../../src/oci/manifest.js";
import { Phases } from "../../src/phases.js";
import type { Repository } from "../../src/registry/reference.js";
import { verifyImage } from "../../src/registry/verify.js";
import { assembleRelease } from "../../src/release/assemble.js";
import type { BuiltRelease } from "../../src/release/built.js";
import { joinArchives } from "../../src/release/join.js";
import { release } from "../../src/release/release.js";
import { stageRelease } from "../../src/release/stage.js";
import { readRef } from "../../src/tags/ref.js";
import { makeClient } from "../support/client.js";
import { dockerfileOf } from "../support/dockerfile.js";
import { type ProxiedRegistry, startProxiedRegistry } from "../support/proxied-registry.js";
import { startCraneRegistry } from "../support/registry.js";
import { makeTagRequest } from "../support/tag-request.js";
import { makeTemporaryDirectory } from "../support/temporary-directory.js";
import { messageThrownBy } from "../support/thrown.js";
import { tinyProgram } from "../support/tiny-program.js";

const platforms = ["linux/amd64", "linux/arm64"];
const names: Readonly<Record<string, string>> = { "linux/amd64": "amd64.tar", "linux/arm64": "arm64.tar" };
const defaults = parseSettings(JSON.stringify({ release: { annotations: { title: "hello" } } })).release;
const dockerfile =
  'FROM scratch\nARG TARGETARCH VERSION\nLABEL v=$VERSION\nCOPY linux/$TARGETARCH/hello /app\nENTRYPOINT ["/app"]\n';
const { path: root } = makeTemporaryDirectory();
const binaries = join(root, "binaries");
const trigger = (ref = "refs/tags/v1.2.3") => readRef(ref, { mainBranch: "main", preRelease: false });

let first: ProxiedRegistry;
let second: ProxiedRegistry;

beforeAll(async () => {
  await mkdir(binaries);
  for (const architecture of ["amd64", "arm64"] as const)
    await writeFile(join(binaries, `hello_linux_${architecture}`), tinyProgram(architecture), {
      mode: 0o755,
    });
  for (const platform of platforms) await archive(platform);
  [first, second] = await Promise.all([startProxiedRegistry(), startProxiedRegistry(startCraneRegistry)]);
});
afterAll(() => Promise.all([first?.stop(), second?.stop()]));
beforeEach(() => {
  for (const { proxy } of [first, second]) proxy.clear();
});

/** Builds as release and build-platform do. */
async function build(settings: Partial<ReleaseSettings>, ref?: string): Promise<BuiltRelease> {
  const staged = await stageRelease({
    settings: { ...defaults, ...settings },
    trigger: trigger(ref),
    revision: "abc",
    binaries,
    dockerfile: dockerfileOf(dockerfile),
    loadSource: async () => undefined,
    workspace: makeTemporaryDirectory().path,
  });
  return assembleRelease(staged, { client: makeClient(), sourceDateEpoch: 0 });
}

async function archive(platform: string, name = names[platform] ?? "", ref?: string): Promise<void> {
  const { pack } = await build({ platforms: [platform] }, ref);
  await writeLayoutArchive(await pack(), join(root, name));
}

/** A directory with copies of archives, under the names given. */
async function directoryOf(files: Readonly<Record<string, string>>): Promise<string> {
  const { path } = makeTemporaryDirectory();
  for (const [name, from] of Object.entries(files)) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await copyFile(join(root, from), join(path, name));
  }
  return path;
}

const whole = { "amd64.tar": "amd64.tar", "arm64.tar": "arm64.tar" };

function joined(
  directory: string,
  settings: Partial<ReleaseSettings> = {},
  ref?: string,
): Promise<BuiltRelease> {
  return joinArchives(directory, { settings: { ...defaults, ...settings }, trigger: trigger(ref) });
}

async function publish(repositories: readonly Repository[], directory: string, settings = {}) {
  return release({
    ...(await joined(directory, settings)),
    client: makeClient(),
    phases: new Phases(() => 0),
    tags: makeTagRequest("refs/tags/v1.2.3"),
    targets: repositories.map((repository) => ({ repository, latest: "highest" as const })),
    firstPublish: false,
    skipPush: false,
  });
}

const digestOf = async ({ pack }: BuiltRelease) => (await pack()).index.descriptor.digest;
const writes = ({ proxy }: ProxiedRegistry) =>
  proxy.requests.filter(({ method }) => method !== "GET" && method !== "HEAD");

describe("archives of all platforms", () => {
  it.each<[string, Record<string, string>]>([
    ["side by side", whole],
    ["in another order", { "1.tar": "arm64.tar", "2.tar": "amd64.tar" }],
    [
      "in directories of their own, beside other files",
      {
        "image-arm64/a.tar": "arm64.tar",
        "image-amd64/a.tar": "amd64.tar",
        "a/b/deeper.tar": "amd64.tar",
        note: "amd64.tar",
      },
    ],
  ])("are the image that one call builds: %s", async (_, files) => {
    const one = await build({ platforms: ["linux/amd64", "linux/arm64"] });
    const together = await joined(await directoryOf(files));
    expect(together.image).toEqual(one.image);
    expect(await digestOf(together)).toBe(await digestOf(one));
  });

  it("are that image with Docker's media types as well", async () => {
    const docker = { mediaTypes: "docker" } as const;
    const together = await joined(await directoryOf(whole), docker);
    const packed = await together.pack();
    expect(packed.index.descriptor.mediaType).toBe(mediaTypes.dockerIndex);
    expect(packed.index.descriptor.digest).toBe(await digestOf(await build(docker)));
  });

  it.each([{}, { mediaTypes: "docker" }])(
    "are published to two registries, and joining them again sends nothing: %j",
    async (settings) => {
      const repositories = [first.repository(), second.repository()];
      const directory = await directoryOf(whole);
      const { markdown } = await publish(repositories, directory, settings);
      expect(markdown.match(/\| pushed, /g)).toHaveLength(2);
      for (const repository of repositories) {
        const { variants } = await verifyImage(makeClient(), repository, "1.2.3", { platforms });
        expect(variants.map(({ labels }) => labels.v)).toEqual(["1.2.3", "1.2.3"]);
      }
      for (const { proxy } of [first, second]) proxy.clear();
      const again = await publish(repositories, directory, settings);
      expect(again.markdown.match(/\| existed \|/g)).toHaveLength(2);
      for (const at of [first, second]) expect(writes(at)).toEqual([]);
    },
  );

  it("publish one platform where only that is asked for", async () => {
    const repository = first.repository();
    await publish([repository], await directoryOf({ "a.tar": "arm64.tar" }), { platforms: ["linux/arm64"] });
    await verifyImage(makeClient(), repository, "1.2.3", { platforms: ["linux/arm64"] });
  });
});

describe("archives are refused before any request", () => {
  const damage = async (change: (path: string) => Promise<void>) => {
    const directory = await directoryOf(whole);
    await change(join(directory, "arm64.tar"));
    return directory;
  };
  it.each<[string, () => Promise<string>, RegExp]>([
    [
      "without one platform",
      () => directoryOf({ "amd64.tar": "amd64.tar" }),
      /\n- linux\/arm64: no archive; there are amd64\.tar for linux\/amd64\n/,
    ],
    [
      "with one of another version",
      async () => {
        await archive("linux/arm64", "older.tar", "refs/tags/v1.2.2");
        return directoryOf({ "amd64.tar": "amd64.tar", "x/arm64.tar": "older.tar" });
      },
      /\n- x\/arm64\.tar: is of version 1\.2\.2, and --ref of version 1\.2\.3\n/,
    ],
    [
      "with something else",
      () => damage((path) => writeFile(path, "no archive")),
      /^arm64\.tar: expected an OCI image layout with index\.json, got \[\]\.$/,
    ],
    [
      "with one that is cut short",
      () => damage((path) => truncate(path, 5 * 512)),
      /^arm64\.tar: expected an OCI image layout with blobs\/sha256\/\w+, got /,
    ],
    [
      "with one whose layer was damaged",
      () =>
        damage(async (path) => {
          const bytes = await readFile(path);
          // The magic of gzip, which only a layer begins with.
          const at = bytes.indexOf(Buffer.from("1f8b0800", "hex"));
          bytes.writeUInt8(0xff, at + 40);
          await writeFile(path, bytes);
        }),
      /^arm64\.tar: blob sha256:(\w+) of (\d+) bytes is \2 bytes of sha256:(?!\1)\w+\. Hand the archive over again, or build it again\.$/,
    ],
  ])("%s", async (_, directory, message) => {
    expect(await messageThrownBy(async () => publish([first.repository()], await directory()))).toMatch(
      message,
    );
    expect(first.proxy.requests).toEqual([]);
  });
});
