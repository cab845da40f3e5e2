import { describe, expect, it } from "vitest";
import { commitMaterial, fileMaterial, imageMaterial, provenanceOf } from "../../src/attest/provenance.js";
import { parsePlatform } from "../../src/oci/platform.js";

const hex = "ab".repeat(32);
const digest = `sha256:${hex}`;

describe("the provenance of an image", () => {
  it("says what was called, what went in, and which job of which platform it was", () => {
    const materials = [fileMaterial("app_linux_amd64/app", digest)];
    const run = {
      builderId: "https://github.com/acme/slipway/w.yml@refs/tags/v1",
      invocationUrl: "https://h/1",
    };
    const parameters = { call: "release", ref: "refs/tags/v1.2.3", as: undefined };
    const { buildDefinition, runDetails } = provenanceOf({
      parameters,
      materials,
      module: digest,
      run,
      startedOn: 1_000,
    });
    expect(buildDefinition).toMatchObject({
      externalParameters: parameters,
      resolvedDependencies: materials,
    });
    expect(runDetails).toEqual({
      builder: {
        id: run.builderId,
        version: { slipway: expect.stringMatching(/^\d+\.\d+\.\d+/) },
        builderDependencies: [{ name: "slipway", digest: { sha256: hex } }],
      },
      metadata: { invocationId: "https://h/1", startedOn: "1970-01-01T00:00:01.000Z" },
    });
  });

  it("names no platform where none vouches for the run", () => {
    const { buildDefinition, runDetails } = provenanceOf({ parameters: {}, materials: [], startedOn: 0 });
    expect(runDetails.builder.id).toBe(`${buildDefinition.buildType}#builder`);
    expect(runDetails.metadata).not.toHaveProperty("invocationId");
  });
});

describe("a material", () => {
  // As BuildKit writes them (util/purl, RefToPURL).
  it.each([
    ["alpine", undefined, "pkg:docker/alpine"],
    ["alpine:3.23", undefined, "pkg:docker/alpine@3.23"],
    [`alpine:3.23@${digest}`, undefined, "pkg:docker/alpine@3.23"],
    ["docker.io/acme/app:1", undefined, "pkg:docker/acme/app@1"],
    ["ghcr.io/acme/base:1.0", "linux/arm64", "pkg:docker/ghcr.io/acme/base@1.0?platform=linux%2Farm64"],
    ["localhost:5000/base:1.0", undefined, "pkg:docker/localhost%3A5000/base@1.0"],
  ])("is %s for %s by its package URL", (name, platform, uri) => {
    const found = imageMaterial(name, digest, platform === undefined ? undefined : parsePlatform(platform));
    expect(found).toEqual({ uri, digest: { sha256: hex } });
  });

  it.each([
    ["https://github.com/acme/app", { uri: "git+https://github.com/acme/app" }],
    [undefined, { name: "source" }],
  ])("is the commit of %s", (source, where) => {
    expect(commitMaterial("1a2b3c4", source)).toEqual({ ...where, digest: { gitCommit: "1a2b3c4" } });
  });
});
