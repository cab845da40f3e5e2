import { describe, expect, it } from "vitest";
import { parsePlatformNames, platformTag, tagOfAll } from "../../src/tags/platform-tag.js";

describe("the tag of a platform", () => {
  it.each([
    ["linux/amd64", "1.2.3-amd64"],
    ["linux/arm64", "1.2.3-arm64"],
    ["linux/arm/v7", "1.2.3-armv7"],
    ["linux/arm", "1.2.3-arm"],
    ["linux/386", "1.2.3-386"],
    ["linux/ppc64le", "1.2.3-ppc64le"],
    ["linux/riscv64", "1.2.3-riscv64"],
    ["linux/s390x", "1.2.3-s390x"],
    ["linux/loong64", "1.2.3-loong64"],
    ["linux/amd64/v3", "1.2.3-amd64v3"],
    ["windows/amd64", "1.2.3-windows-amd64"],
  ])("of %s is %s, beside that of all", (platform, tag) => {
    expect(platformTag("1.2.3", platform)).toBe(tag);
    expect(tagOfAll(tag)).toBe("1.2.3");
  });

  it("has the name that the settings give it", () => {
    const names = parsePlatformNames({ "linux/arm64/v8": "arm64v8", "linux/arm/v7": "pi" });
    expect(platformTag("latest", "linux/arm64", names)).toBe("latest-arm64v8");
    expect(platformTag("latest", "linux/arm/v7", names)).toBe("latest-pi");
    expect(platformTag("latest", "linux/amd64", names)).toBe("latest-amd64");
    expect(tagOfAll("latest-pi", names)).toBe("latest");
    expect(tagOfAll("latest-pi")).toBeUndefined();
  });

  it.each(["1.2.3-arm64v8", "1.2.3-arm32v7", "1.2.3-i386", "1.2.3-x86_64"])(
    "is known in %s, as other tools write it",
    (tag) => {
      expect(tagOfAll(tag)).toBe("1.2.3");
    },
  );

  it.each(["1.2.3", "1.2.3-alpine", "amd64", "-amd64", "1.2.3-army", "1.2.3-charm", "alarm"])(
    "is not seen in %s",
    (tag) => {
      expect(tagOfAll(tag)).toBeUndefined();
    },
  );

  it.each([{ "linux/arm64": "a/b" }, { "linux/arm64": "" }, { "linux/arm64": "a", "linux/amd64": "a" }])(
    "is refused the names %j",
    (names) => {
      expect(() => parsePlatformNames(names, "platformTags")).toThrow(
        'platformTags: expected platforms with a name each, as in {"linux/arm64": "arm64v8"}',
      );
    },
  );
});
