import { describe, expect, it } from "vitest";
import { archOf, parseArchNames, withoutArch } from "../../src/tags/arch.js";

describe("a platform in a tag", () => {
  it.each([
    ["linux/amd64", "amd64"],
    ["linux/arm64", "arm64"],
    ["linux/arm/v7", "armv7"],
    ["linux/arm", "arm"],
    ["linux/386", "386"],
    ["linux/ppc64le", "ppc64le"],
    ["linux/riscv64", "riscv64"],
    ["linux/s390x", "s390x"],
    ["linux/loong64", "loong64"],
    ["linux/amd64/v3", "amd64v3"],
    ["windows/amd64", "windows-amd64"],
  ])("%s is %s, and known at the end of any tag", (platform, arch) => {
    expect(archOf(platform)).toBe(arch);
    expect(withoutArch(`1.2.3-${arch}`)).toBe("1.2.3");
  });

  it("has the name that the settings give it", () => {
    const names = parseArchNames({ "linux/arm64/v8": "arm64v8", "linux/arm/v7": "arm32v7" });
    expect(archOf("linux/arm64", names)).toBe("arm64v8");
    expect(archOf("linux/arm/v7", names)).toBe("arm32v7");
    expect(archOf("linux/amd64", names)).toBe("amd64");
  });

  it.each(["1.2.3-arm64v8", "1.2.3-arm32v7", "1.2.3-i386", "1.2.3-x86_64", "1.2.3-aarch64"])(
    "is known in %s, as other tools write it",
    (tag) => {
      expect(withoutArch(tag)).toBe("1.2.3");
    },
  );

  it.each(["1.2.3", "1.2.3-alpine", "amd64", "-amd64", "1.2.3-army", "1.2.3-charm", "alarm"])(
    "is not seen in %s",
    (tag) => {
      expect(withoutArch(tag)).toBeUndefined();
    },
  );

  it.each([{ "linux/arm64": "a/b" }, { "linux/arm64": "" }, { "linux/arm64": "pi" }])(
    "is refused the names %j",
    (names) => {
      expect(() => parseArchNames(names, "archNames")).toThrow(
        'archNames: expected platforms with the name of a machine each, as in {"linux/arm64": "arm64v8"}',
      );
    },
  );
});
