import { describe, expect, it } from "vitest";
import { VerificationError } from "../../src/errors.js";
import { type ArchiveSet, type ReleaseArchive, requireSet } from "../../src/release/archive-set.js";

const expected: ArchiveSet = { platforms: ["linux/amd64", "linux/arm64"], version: "1.2.3" };

/** An archive of one platform; a value that is undefined leaves its annotation out. */
function archive(
  file: string,
  platform: string,
  about: Readonly<Record<string, string | undefined>> = {},
): ReleaseArchive {
  const values = { version: "1.2.3", revision: "abc", title: "hello", ...about };
  const annotations = Object.entries(values).flatMap(([key, value]): [string, string][] =>
    value === undefined ? [] : [[`org.opencontainers.image.${key}`, value]],
  );
  return { file, platforms: [platform], annotations: Object.fromEntries(annotations) };
}

const amd64 = archive("amd64.tar", "linux/amd64");
const arm64 = archive("arm64.tar", "linux/arm64");

describe("requireSet", () => {
  it.each<[string, ReleaseArchive[], Partial<ArchiveSet>]>([
    ["each platform once", [amd64, arm64], {}],
    ["any order", [arm64, amd64], {}],
    ["one archive with all platforms", [{ ...amd64, platforms: ["linux/arm64", "linux/amd64"] }], {}],
    ["the revision that is named", [amd64, arm64], { revision: "abc" }],
    ["a single platform, where that is asked for", [arm64], { platforms: ["linux/arm64"] }],
    [
      "a build of a branch",
      [
        archive("a.tar", "linux/amd64", { version: undefined }),
        archive("b.tar", "linux/arm64", { version: undefined }),
      ],
      { version: undefined },
    ],
  ])("takes %s", (_, archives, changes) => {
    expect(() => requireSet(archives, { ...expected, ...changes })).not.toThrow();
  });

  it.each<[string, ReleaseArchive[], Partial<ArchiveSet>, string[]]>([
    [
      "no archive",
      [],
      {},
      ["linux/amd64", "linux/arm64"].map(
        (platform) => `${platform}: no archive; there is no *.tar in the directory, or in one right below it`,
      ),
    ],
    ["a missing platform", [amd64], {}, ["linux/arm64: no archive; there are amd64.tar for linux/amd64"]],
    [
      "a platform twice",
      [amd64, arm64, archive("again/amd64.tar", "linux/amd64")],
      {},
      ["linux/amd64: is in amd64.tar and in again/amd64.tar"],
    ],
    [
      "a platform twice in one archive",
      [{ ...amd64, platforms: ["linux/amd64", "linux/amd64"] }, arm64],
      {},
      ["linux/amd64: is in amd64.tar and in amd64.tar"],
    ],
    [
      "a platform that is not asked for",
      [amd64, arm64, archive("riscv64.tar", "linux/riscv64")],
      {},
      ["riscv64.tar: is for linux/riscv64, which is not asked for"],
    ],
    [
      "an archive of nothing",
      [amd64, arm64, { ...amd64, file: "empty.tar", platforms: [] }],
      {},
      ["empty.tar: holds no platform"],
    ],
    [
      "the archive of another version",
      [amd64, archive("arm64.tar", "linux/arm64", { version: "1.2.2" })],
      {},
      ["arm64.tar: is of version 1.2.2, and --ref of version 1.2.3"],
    ],
    [
      "the archives of a branch under a version",
      [archive("a.tar", "linux/amd64", { version: undefined }), arm64],
      {},
      ["a.tar: is of no version, and --ref of version 1.2.3"],
    ],
    [
      "the archives of a version under a branch",
      [archive("a.tar", "linux/amd64", { version: undefined }), arm64],
      { version: undefined },
      ["arm64.tar: is of version 1.2.3, and --ref of no version"],
    ],
    [
      "another revision than the one that is named",
      [amd64, archive("arm64.tar", "linux/arm64", { revision: undefined })],
      { revision: "def" },
      [
        "amd64.tar: is of revision abc, and --revision is def",
        "arm64.tar: is of no revision, and --revision is def",
        'arm64.tar: org.opencontainers.image.revision is absent, and "abc" in amd64.tar',
      ],
    ],
    [
      "archives of two commits",
      [amd64, archive("arm64.tar", "linux/arm64", { revision: "def" })],
      {},
      ['arm64.tar: org.opencontainers.image.revision is "def", and "abc" in amd64.tar'],
    ],
    [
      "archives that say different things of themselves",
      [amd64, archive("arm64.tar", "linux/arm64", { title: undefined, source: "https://a.test" })],
      {},
      [
        'arm64.tar: org.opencontainers.image.title is absent, and "hello" in amd64.tar',
        'arm64.tar: org.opencontainers.image.source is "https://a.test", and absent in amd64.tar',
      ],
    ],
  ])("refuses %s", (_, archives, changes, problems) => {
    const act = () => requireSet(archives, { ...expected, ...changes });
    expect(act).toThrow(VerificationError);
    expect(act).toThrow(
      [
        "--archives: they are no whole set for linux/amd64, linux/arm64.",
        ...problems.map((problem) => `- ${problem}`),
        "Build every platform with build-platform, once, from one commit and with the same --ref; nothing was published.",
      ].join("\n"),
    );
  });
});
