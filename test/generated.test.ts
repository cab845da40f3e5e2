import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { parseSettings } from "../src/config.js";
import { root } from "./support/contract.js";
import { generatedFiles, readCommitted } from "./support/generated.js";

describe.each(generatedFiles)("$path", ({ path, render }) => {
  it("is current", async () => {
    expect(
      await readCommitted(path),
      `${path} is not current: run \`npm run generate\`, then review and commit the difference`,
    ).toBe(await render());
  });
});

describe("slipway.schema.json", () => {
  const readJson = (path: string) => JSON.parse(readFileSync(join(root, path), "utf8"));
  const schema = z.fromJSONSchema(readJson("slipway.schema.json"));
  const ownSettings = readJson("slipway.json");

  it("accepts the slipway.json of this repository, which names it", () => {
    expect(ownSettings.$schema).toBe("./slipway.schema.json");
    expect(schema.safeParse(ownSettings).error?.issues).toBeUndefined();
  });

  it.each<[string, object, boolean]>([
    ["nothing at all", {}, true],
    ["repositories", { ciImage: { repositories: ["ghcr.io/acme/ci", "docker.io/acme/ci"] } }, true],
    ["a mirror of mise", { ciImage: { mise: { sha256: { "linux/amd64": "a".repeat(64) } } } }, true],
    ["a field of a wrong type", { ciImage: { platforms: "linux/amd64" } }, false],
    ["an unknown field", { ciImages: {} }, false],
    ["an empty list", { cacheKey: { files: [] } }, false],
    ["a path out of the source", { ciImage: { dockerfile: "../Dockerfile" } }, false],
    ["a number out of range", { retry: { attempts: 11 } }, false],
    ["a platform of no download", { ciImage: { mise: { sha256: { "linux/386": "a".repeat(64) } } } }, false],
  ])("judges %s as the module does", (_, settings, valid) => {
    expect(accepted(settings)).toBe(valid);
    expect(schema.safeParse(settings).success).toBe(valid);
  });
});

function accepted(settings: unknown): boolean {
  try {
    parseSettings(JSON.stringify(settings));
    return true;
  } catch {
    return false;
  }
}
