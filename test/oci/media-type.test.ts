import { expect, it } from "vitest";
import { mediaTypes } from "../../src/oci/manifest.js";
import { manifestTypeOf } from "../../src/oci/media-type.js";

const { index, manifest, dockerIndex } = mediaTypes;

it.each([
  [index, {}, index],
  ["", { mediaType: dockerIndex, manifests: [] }, dockerIndex],
  ["application/json", { mediaType: manifest, layers: [] }, manifest],
  ["application/octet-stream", { manifests: [] }, index],
  ["text/plain", { layers: [] }, manifest],
  ["application/json", { mediaType: "application/vnd.example+json" }, "application/vnd.example+json"],
  ["application/json", { schemaVersion: 1 }, "application/json"],
  ["application/json", [], "application/json"],
  // What the server says it knows.
  ["application/vnd.example+json", { mediaType: index }, "application/vnd.example+json"],
  [manifest, { mediaType: index, manifests: [] }, manifest],
])("a manifest that is served as %j and holds %j is of the type %s", (served, content, expected) => {
  expect(manifestTypeOf(served, Buffer.from(JSON.stringify(content)))).toBe(expected);
});

it("what is no JSON is what the server says", () => {
  expect(manifestTypeOf("", Buffer.from("<html>"))).toBe("");
});
