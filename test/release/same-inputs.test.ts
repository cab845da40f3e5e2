import { beforeEach, expect, it } from "vitest";
import { builder, inputsLabel } from "../../src/dockerfile/assemble.js";
import type { PublishableImage } from "../../src/oci/source.js";
import type { Repository } from "../../src/registry/reference.js";
import { publishRelease, type ReleasePublication } from "../../src/release/publish.js";
import { directFetch, makeClient } from "../support/client.js";
import { joinVariants, makeVariant } from "../support/image.js";
import type { ProxiedRegistry } from "../support/proxied-registry.js";
import { useRegistryPair } from "../support/registry-pair.js";
import { makeTagRequest } from "../support/tag-request.js";

let first: ProxiedRegistry;
useRegistryPair((one) => {
  first = one;
});

const inputs = "a".repeat(64);
const platforms = ["linux/amd64", "linux/arm64"];

/** An image as the engine leaves it: the same inputs, and other bytes in each build. */
function builtAt(created: string): PublishableImage {
  return joinVariants(
    platforms.map((platform) => {
      const options = {
        platform,
        layers: ["base", created + platform],
        created,
        labels: { [inputsLabel]: inputs },
      };
      const { blobs, manifest } = makeVariant(options);
      const config = JSON.parse(blobs.get(manifest.config.digest)?.toString() ?? "");
      const history = config.rootfs.diff_ids.map(() => ({ created_by: "RUN", comment: builder }));
      return makeVariant({ ...options, configuration: JSON.stringify({ ...config, history }) });
    }),
  );
}

function publicationOf(
  repository: Repository,
  image: PublishableImage,
  client = makeClient(),
): ReleasePublication {
  return {
    client,
    targets: [{ repository, latest: "highest" }],
    tags: makeTagRequest("refs/tags/v1.2.3"),
    origin: "engine",
    remarks: [],
    image: Object.fromEntries(platforms.map((platform) => [platform, `inputs:${inputs}`])),
    now: () => 0,
    pack: async () => image,
    firstPublish: false,
  };
}

let repository: Repository;
beforeEach(() => {
  repository = first.repository();
});

it("is never reported under a digest that its tag does not hold, where another publisher built it meanwhile", async () => {
  const [ours, theirs] = [builtAt("2025-01-01T00:00:00Z"), builtAt("2025-01-02T00:00:00Z")];
  let rival: Promise<unknown> | undefined;
  const client = makeClient({
    fetch: async (url, init) => {
      if (init?.method === "PUT" && url.includes("/manifests/sha256:")) {
        rival ??= publishRelease([publicationOf(repository, theirs)]);
        await rival;
      }
      return directFetch(url, init);
    },
  });
  const [outcome] = (await publishRelease([publicationOf(repository, ours, client)])).flat();
  const [their, our] = [theirs.index.descriptor.digest, ours.index.descriptor.digest];
  expect(await first.tagged(repository, "1.2.3")).toBe(their);
  expect(outcome).toMatchObject({
    ok: false,
    error: expect.stringContaining(
      `:1.2.3: another publisher has set it to ${their} meanwhile, which is this image in other bytes than ${our}. Nothing was overwritten; run this again`,
    ),
  });
  expect((await publishRelease([publicationOf(repository, ours)])).flat()).toMatchObject([
    { ok: true, how: "existed", digest: their },
  ]);
});
