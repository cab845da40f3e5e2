import { describe, expect, it } from "vitest";
import { assembleVariant, inputsLabel } from "../../src/dockerfile/assemble.js";
import { parseDockerfile } from "../../src/dockerfile/dockerfile.js";
import { formatConfiguration, type HistoryEntry, parseConfiguration } from "../../src/oci/configuration.js";
import { digestOf } from "../../src/oci/manifest.js";
import { parsePlatform } from "../../src/oci/platform.js";
import { formatInputs, imageIdsOf } from "../../src/release/image-ids.js";
import { makeBase } from "../support/image-base.js";
import { openContext } from "../support/image-files.js";
import { makeTemporaryDirectory } from "../support/temporary-directory.js";

const platform = parsePlatform("linux/arm/v7");
const byEngine: HistoryEntry = { created_by: "Dockerfile, built by the engine", comment: "slipway" };
const byDocker: HistoryEntry = { created_by: "COPY a /", comment: "buildkit.dockerfile.v0" };

function identify(Labels: Record<string, string>, history: HistoryEntry[]) {
  const config = formatConfiguration({ ...platform, config: { Labels }, rootfs: { diff_ids: [] }, history });
  const imageId = digestOf(config);
  return { imageId, ids: imageIdsOf([{ platform, imageId, config }]) };
}

describe("an image", () => {
  it.each<[string, Record<string, string>, HistoryEntry[], boolean]>([
    [
      "its inputs, where the engine built it for Slipway",
      { [inputsLabel]: "0123" },
      [byDocker, byEngine],
      true,
    ],
    ["its configuration, without the label", { a: "b" }, [byEngine], false],
    [
      "its configuration, where others built on such an image",
      { [inputsLabel]: "0123" },
      [byEngine, byDocker],
      false,
    ],
    ["its configuration, without a history", { [inputsLabel]: "0123" }, [], false],
  ])("is known by %s", (_, labels, history, isByInputs) => {
    const { imageId, ids } = identify(labels, history);
    expect(ids).toEqual({ "linux/arm/v7": isByInputs ? formatInputs("0123") : imageId });
  });

  it.each(["FROM base", "FROM base\nLABEL c=d", "FROM base AS a\nFROM a\nCOPY <<x /x\ny\nx"])(
    "that is assembled on one that the engine built is known by its configuration: %j",
    async (text) => {
      const { path } = makeTemporaryDirectory();
      const base = await makeBase({
        layers: [],
        platform: "linux/arm/v7",
        config: { Labels: { [inputsLabel]: "0123", a: "b" } },
        history: [byEngine],
        diffIds: [],
      });
      const variant = await assembleVariant({
        dockerfile: parseDockerfile(text, "Dockerfile"),
        context: openContext(path),
        target: { platform, buildArgs: {} },
        openImage: async () => base,
        created: 0,
        workspace: path,
      });
      const { Labels } = parseConfiguration(variant.config, "test").config;
      expect(Labels).toMatchObject({ a: "b" });
      expect(Labels).not.toHaveProperty([inputsLabel]);
      expect(imageIdsOf([variant])).toEqual({ "linux/arm/v7": variant.imageId });
    },
  );
});
