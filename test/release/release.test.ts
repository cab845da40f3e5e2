import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { parseSettings, type ReleaseSettings } from "../../src/config.js";
import { mediaTypes, parseIndex } from "../../src/oci/manifest.js";
import { Phases } from "../../src/phases.js";
import type { StoredManifest } from "../../src/registry/client.js";
import type { Repository } from "../../src/registry/reference.js";
import { verifyImage } from "../../src/registry/verify.js";
import { assembleRelease } from "../../src/release/assemble.js";
import type { BuiltRelease } from "../../src/release/built.js";
import { type ReleaseRequest, release } from "../../src/release/release.js";
import { type ReleaseInput, stageRelease } from "../../src/release/stage.js";
import { readRef } from "../../src/tags/ref.js";
import { requestTags } from "../../src/tags/request.js";
import { makeClient } from "../support/client.js";
import { makeClock, timedFetch } from "../support/clock.js";
import { dockerfileOf } from "../support/dockerfile.js";
import { buildGoDist, changeGoDist } from "../support/go-dist.js";
import type { ProxiedRegistry } from "../support/proxied-registry.js";
import { useRegistryPair } from "../support/registry-pair.js";
import { makeTemporaryDirectory } from "../support/temporary-directory.js";
import { messageThrownBy } from "../support/thrown.js";
import { tinyProgram } from "../support/tiny-program.js";

const root = new URL("../../", import.meta.url);
const ownDockerfile = await readFile(new URL("Dockerfile.release", root), "utf8");
const source = "https://example.com/acme/hello";

let dist: string;
let first: ProxiedRegistry;
let second: ProxiedRegistry;

beforeAll(async () => {
  dist = await buildGoDist();
}, 180_000);
useRegistryPair((...pair) => {
  [first, second] = pair;
});

interface Options extends Partial<ReleaseRequest> {
  binaries?: string;
  ref?: string;
  dockerfile?: string;
  settings?: Partial<ReleaseSettings>;
}

async function makeInput(options: Options = {}): Promise<ReleaseInput> {
  const { binaries = dist, ref = "refs/tags/v1.2.3", dockerfile = ownDockerfile, settings = {} } = options;
  const defaults = parseSettings(JSON.stringify({ release: { annotations: { title: "hello", source } } }));
  return {
    settings: { ...defaults.release, ...settings },
    trigger: readRef(ref, { mainBranch: "main", preRelease: false }),
    binaries,
    dockerfile: dockerfileOf(dockerfile),
    loadSource: async () => undefined,
    workspace: makeTemporaryDirectory().path,
    revision: "0123456789abcdef",
  };
}

async function build(input: ReleaseInput, sourceDateEpoch = 0): Promise<BuiltRelease> {
  return assembleRelease(await stageRelease(input), { client: makeClient(), sourceDateEpoch });
}

async function run(repositories: readonly Repository[], options: Options = {}) {
  const { binaries: _, ref: __, dockerfile: ___, settings: ____, ...changes } = options;
  const input = await makeInput(options);
  const image = {
    ...(await build(input)),
    tags: requestTags(input),
    targets: repositories.map((repository) => ({ repository, latest: "highest" as const })),
  };
  return release({
    client: makeClient(),
    phases: new Phases(() => 0),
    images: [image],
    firstPublish: false,
    skipPush: false,
    ...changes,
  });
}

const writes = ({ proxy }: ProxiedRegistry) =>
  proxy.requests.filter(({ method }) => method !== "GET" && method !== "HEAD");

const mediaTypeOf = ({ descriptor }: StoredManifest) => descriptor.mediaType;

describe("a release of what GoReleaser built", () => {
  it("goes to two registries, and the second call writes nothing", async () => {
    const repositories = [first.repository(), second.repository()];
    const { markdown } = await run(repositories);
    expect(markdown).toMatch(/^Release for the tag v1\.2\.3\n/);
    expect(markdown.match(/pushed, \d\.\d MB sent, 0\.0 MB there/g)).toHaveLength(2);
    for (const { proxy } of [first, second]) proxy.clear();
    const again = await run(repositories);
    expect(again.markdown.match(/\| existed \|/g)).toHaveLength(2);
    for (const at of [first, second]) expect(writes(at)).toEqual([]);
  });

  it("says how long its parts took, and what was there", async () => {
    const clock = makeClock();
    const timing = () => ({
      client: makeClient({ fetch: timedFetch(clock, 10) }),
      phases: new Phases(clock.now),
    });
    const repository = first.repository();
    const pushed = await run([repository], timing());
    const methods = first.proxy.requests.map(({ method }) => method);
    // A tag list, latest that it lacks, two tags, and an upload that is opened and cancelled.
    expect(methods.indexOf("DELETE")).toBe(5);
    const milliseconds = methods.length * 10;
    const publishing = milliseconds - 60;
    expect(pushed.data).toMatchObject({
      milliseconds,
      phases: { checks: 60, publishing, compression: 0 },
    });
    expect(pushed.outputs).toMatchObject({ CHANGED: true, BLOBS_SENT: 4, DURATION_MS: milliseconds });

    first.proxy.clear();
    const again = await run([repository], timing());
    expect(again.data).toMatchObject({
      milliseconds: first.proxy.requests.length * 10,
      images: [
        {
          repositories: [
            { how: "existed", transfer: { blobs: { present: 4, mounted: 0, sent: 0 }, bytesSent: 0 } },
          ],
        },
      ],
    });
    expect(again.data).not.toHaveProperty("phases.compression");
    expect(again.outputs).toMatchObject({
      CHANGED: false,
      BYTES_SENT: 0,
      BYTES_SKIPPED: pushed.outputs.BYTES_SENT,
      BLOBS_SENT: 0,
      BLOBS_SKIPPED: 4,
    });
  });

  it("says of the image what version, revision and source it is, in labels and in annotations", async () => {
    const repository = first.repository();
    await run([repository]);
    const { stored, variants } = await verifyImage(makeClient(), repository, "1.2.3", {
      platforms: ["linux/amd64", "linux/arm64"],
    });
    const about = {
      "org.opencontainers.image.revision": "0123456789abcdef",
      "org.opencontainers.image.source": source,
      "org.opencontainers.image.title": "hello",
      "org.opencontainers.image.version": "1.2.3",
    };
    expect(parseIndex(stored.bytes, "index").annotations).toEqual(about);
    expect(variants.map(({ labels }) => labels)).toEqual([about, about]);
  });

  it("is the same image from another directory, and another one at another time", async () => {
    const copy = await changeGoDist(dist, (arm64) => arm64);
    const imageOf = async (binaries: string, sourceDateEpoch: number) =>
      (await build(await makeInput({ binaries }), sourceDateEpoch)).image;
    const image = await imageOf(dist, 0);
    expect(Object.keys(image)).toEqual(["linux/amd64", "linux/arm64"]);
    expect(await imageOf(copy, 0)).toEqual(image);
    expect(await imageOf(dist, 1)).not.toEqual(image);
  });

  it("has Docker's media types where the settings say so, and is the same image to the guard", async () => {
    const repositories = [first.repository(), second.repository()];
    await run(repositories, { settings: { mediaTypes: "docker" } });
    for (const repository of repositories) {
      const { stored, variants } = await verifyImage(makeClient(), repository, "1.2.3", {
        platforms: ["linux/amd64", "linux/arm64"],
      });
      const index = parseIndex(stored.bytes, "index");
      expect(new Set([stored, ...variants.map((variant) => variant.stored)].map(mediaTypeOf))).toEqual(
        new Set([mediaTypes.dockerIndex, mediaTypes.dockerManifest]),
      );
      expect(index.mediaType).toBe(mediaTypes.dockerIndex);
      expect(index.annotations).toBeUndefined();
    }
    for (const { proxy } of [first, second]) proxy.clear();
    const { markdown } = await run(repositories);
    expect(markdown.match(/\| existed \|/g)).toHaveLength(2);
    for (const at of [first, second]) expect(writes(at)).toEqual([]);
  });

  it("changes nothing with skipPush, and says what it would do", async () => {
    const repository = first.repository();
    const { markdown } = await run([repository], { skipPush: true });
    expect(markdown).toContain(`| ${repository.registry}/${repository.path} | 1.2.3 | create |`);
    expect(writes(first)).toEqual([]);
  });

  it("takes its base from a registry, layers included", async () => {
    const base = first.repository();
    await run([base]);
    const dockerfile = [
      `FROM ${base.registry}/${base.path}:1.2.3`,
      "ARG TARGETARCH",
      "COPY linux/$TARGETARCH/hello /second",
    ].join("\n");
    const repository = first.repository();
    const { markdown } = await run([repository], { dockerfile });
    expect(markdown).toContain(
      `\n- The base ${base.registry}/${base.path}:1.2.3 has no digest: once it moves, `,
    );
    const [below, above] = await Promise.all(
      [base, repository].map((at) => verifyImage(makeClient(), at, "1.2.3")),
    );
    expect(above?.variants.map(({ layers }) => layers.slice(0, 1))).toEqual(
      below?.variants.map(({ layers }) => layers),
    );
    const mounts = first.proxy.requests.filter(({ path }) => path.includes("mount="));
    expect(mounts.map(({ status }) => status)).toContain(201);
  });
});

describe("a release is refused", () => {
  it.each<[string, () => Promise<Options>, RegExp]>([
    [
      "with the binary of another platform",
      async () => ({ binaries: await changeGoDist(dist, (_, amd64) => amd64) }),
      /^linux\/arm64\/hello: machine: expected an ELF program for arm64, got amd64\./,
    ],
    [
      "with the version of another tag",
      async () => ({ ref: "refs/tags/v1.2.4" }),
      /^metadata\.json: version: expected 1\.2\.4, got 1\.2\.3\./,
    ],
    [
      "without a platform's binary",
      async () => ({ settings: { platforms: ["linux/amd64", "linux/riscv64"] } }),
      /^Dockerfile\.release:\d+: expected linux\/riscv64\/hello to be in the build context, .* In --binaries it is built for linux\/amd64, linux\/arm64, and not for linux\/riscv64: build it for that, or leave linux\/riscv64 out of release\.platforms\.$/,
    ],
  ])("%s, before any request", async (_, options, message) => {
    expect(await messageThrownBy(async () => run([first.repository()], await options()))).toMatch(message);
    expect(first.proxy.requests).toEqual([]);
  });

  it("with several binaries, where the Dockerfile is for one, before any request", async () => {
    const { path: binaries } = makeTemporaryDirectory();
    for (const name of ["hello", "helper"])
      for (const architecture of ["amd64", "arm64"] as const)
        await writeFile(join(binaries, `${name}_linux_${architecture}`), tinyProgram(architecture), {
          mode: 0o755,
        });
    const several = () => run([first.repository()], { binaries });
    expect(await messageThrownBy(several)).toMatch(
      /^Dockerfile\.release:\d+: expected the name of one binary: choose it with release\.binaries\.names /,
    );
    expect(first.proxy.requests).toEqual([]);
  });

  it("with a base that lacks a platform", async () => {
    const base = first.repository();
    await run([base], { settings: { platforms: ["linux/amd64"] } });
    const dockerfile = `FROM ${base.registry}/${base.path}:1.2.3\nARG TARGETARCH\nCOPY linux/$TARGETARCH/hello /app`;
    expect(await messageThrownBy(() => run([first.repository()], { dockerfile }))).toMatch(
      /^base image \S+:1\.2\.3: expected an image for linux\/arm64, got "one for linux\/amd64"\./,
    );
  });

  it("where a registry refuses the push, before anything is sent to another", async () => {
    const [open, closed] = [first.repository(), second.repository()];
    second.proxy.setFault(({ method }) => (method === "POST" ? { kind: "answer", status: 403 } : undefined));
    expect(await messageThrownBy(() => run([open, closed]))).toMatch(
      /POST blobs\/uploads: the registry answered 403/,
    );
    expect(await first.tags(open)).toEqual([]);
    expect(writes(first).map(({ bytesIn }) => bytesIn)).toEqual([0, 0]);
  });

  it("where the binary changed, naming both images", async () => {
    const repository = first.repository();
    await run([repository]);
    first.proxy.clear();
    const binaries = await changeGoDist(dist, (arm64) => Buffer.concat([arm64, Buffer.from("x")]));
    const message = await messageThrownBy(() => run([repository], { binaries }));
    expect(message).toMatch(
      /:1\.2\.3: exists as sha256:\w+ and holds the image linux\/amd64 sha256:\w+, linux\/arm64 (sha256:\w+); to be published is linux\/amd64 sha256:\w+, linux\/arm64 (?!\1)sha256:\w+\./,
    );
    expect(writes(first)).toEqual([]);
  });
});
