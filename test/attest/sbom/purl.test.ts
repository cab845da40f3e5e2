import { describe, expect, it } from "vitest";
import { formatPurl, imagePurl, type PurlParts } from "../../../src/attest/sbom/package.js";
import { subject } from "../../support/inventory.js";

describe("formatPurl", () => {
  it.each<[PurlParts, string]>([
    [{ type: "npm", name: "a" }, "pkg:npm/a"],
    [{ type: "npm", namespace: "@s", name: "a", version: "1.0.0" }, "pkg:npm/%40s/a@1.0.0"],
    [{ type: "golang", namespace: "a.example/b", name: "c", version: "v1" }, "pkg:golang/a.example/b/c@v1"],
    [{ type: "golang", namespace: "/a//b/", name: "c" }, "pkg:golang/a/b/c"],
    [{ type: "deb", name: "a", version: "1:2.0+b~c_d-e" }, "pkg:deb/a@1:2.0%2Bb~c_d-e"],
    [{ type: "npm", name: "a/b?c#d@e%f" }, "pkg:npm/a%2Fb%3Fc%23d%40e%25f"],
    [{ type: "golang", name: "a", version: "(devel)!'*" }, "pkg:golang/a@%28devel%29%21%27%2A"],
    [{ type: "npm", name: "ü\ud800" }, "pkg:npm/%C3%BC%EF%BF%BD"],
    [{ type: "deb", name: "a", version: "", qualifiers: { b: "2", a: "1/x" } }, "pkg:deb/a?a=1%2Fx&b=2"],
    [{ type: "deb", name: "a", qualifiers: { a: "", b: undefined } }, "pkg:deb/a"],
  ])("writes %o as %s", (parts, expected) => {
    expect(formatPurl(parts)).toBe(expected);
  });

  it("names an image by its digest, and says where it is", () => {
    expect(imagePurl(subject)).toBe(
      `pkg:oci/app@${subject.digest}?arch=arm64&repository_url=registry.example%2FTeam%2FApp`,
    );
  });
});
