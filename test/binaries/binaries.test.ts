import { describe, expect, it } from "vitest";
import { type Candidate, type Selection, selectBinaries } from "../../src/binaries/binaries.js";
import { VerificationError } from "../../src/errors.js";

const both: Selection = { platforms: ["linux/amd64", "linux/arm64"], names: [], ids: [] };

const candidate = (name: string, platform: string, id?: string): Candidate => ({
  name,
  platform,
  path: `${id ?? name}_${platform.replaceAll("/", "_")}/${name}`,
  ...(id === undefined ? {} : { id }),
});

const hello = [candidate("hello", "linux/amd64"), candidate("hello", "linux/arm64")];

function select(candidates: readonly Candidate[], selection: Selection = both, missing: string[] = []) {
  const files = candidates.map(({ path }) => path).filter((path) => !missing.includes(path));
  return selectBinaries(candidates, new Set(files), selection, "dist");
}

describe("selectBinaries", () => {
  it("stages each binary under its platform", () => {
    expect(select(hello)).toEqual([
      {
        name: "hello",
        platform: "linux/amd64",
        path: "hello_linux_amd64/hello",
        staged: "linux/amd64/hello",
      },
      {
        name: "hello",
        platform: "linux/arm64",
        path: "hello_linux_arm64/hello",
        staged: "linux/arm64/hello",
      },
    ]);
  });

  const several = [...hello, candidate("helper", "linux/amd64"), candidate("helper", "linux/arm64")];
  const twice = [
    candidate("hello", "linux/amd64", "plain"),
    candidate("hello", "linux/arm64", "plain"),
    candidate("hello", "linux/amd64", "fips"),
    candidate("hello", "linux/arm64", "fips"),
  ];

  it.each<[string, Candidate[], Selection, string[]]>([
    [
      "every name there is",
      several,
      both,
      ["linux/amd64/hello", "linux/arm64/hello", "linux/amd64/helper", "linux/arm64/helper"],
    ],
    [
      "the names asked for",
      several,
      { ...both, names: ["helper"] },
      ["linux/amd64/helper", "linux/arm64/helper"],
    ],
    [
      "the platforms asked for",
      several,
      { ...both, platforms: ["linux/arm64"] },
      ["linux/arm64/hello", "linux/arm64/helper"],
    ],
    ["the builds asked for", twice, { ...both, ids: ["fips"] }, ["linux/amd64/hello", "linux/arm64/hello"]],
    [
      "a variant",
      [...hello, candidate("hello", "linux/arm/v7")],
      { ...both, platforms: ["linux/arm/v7"] },
      ["linux/arm/v7/hello"],
    ],
    [
      "no name that only another system has",
      [...hello, candidate("tray", "windows/amd64")],
      both,
      ["linux/amd64/hello", "linux/arm64/hello"],
    ],
  ])("takes %s", (_, candidates, selection, staged) => {
    expect(select(candidates, selection).map((binary) => binary.staged)).toEqual(staged);
  });

  it("takes the build of the ID asked for", () => {
    expect(select(twice, { ...both, ids: ["fips"] })[0]?.path).toBe("fips_linux_amd64/hello");
  });

  it.each<[string, Candidate[], Selection, string[]]>([
    [
      "a platform is missing",
      hello.slice(0, 1),
      both,
      ["linux/arm64: no hello; it is there for linux/amd64"],
    ],
    [
      "only another feature level is there",
      [candidate("hello", "linux/amd64/v3"), candidate("hello", "linux/arm64")],
      both,
      ["linux/amd64: no hello; it is there for linux/amd64/v3, linux/arm64"],
    ],
    [
      "no platform is there",
      [candidate("hello", "darwin/arm64"), candidate("hello", "linux/386")],
      both,
      ["nothing is built for linux/amd64, linux/arm64, only for darwin/arm64, linux/386"],
    ],
    [
      "a name is not on all platforms",
      [...hello, candidate("helper", "linux/arm64")],
      both,
      ["linux/amd64: no helper; it is there for linux/arm64"],
    ],
    [
      "a name asked for is nowhere",
      hello,
      { ...both, names: ["hullo"] },
      ["linux/amd64: no hullo; nothing has that name", "linux/arm64: no hullo; nothing has that name"],
    ],
    [
      "two builds have one name",
      twice.slice(0, 3),
      both,
      ["linux/amd64: 2 files are hello: plain_linux_amd64/hello (plain), fips_linux_amd64/hello (fips)"],
    ],
    [
      "a build is unknown",
      twice,
      { ...both, ids: ["fips", "fisp"] },
      ["no build has the ID fisp; there are plain, fips"],
    ],
    [
      "an ID is asked for where there are none",
      hello,
      { ...both, ids: ["hello"] },
      ["no build has the ID hello; there are no IDs"],
    ],
  ])("refuses a set where %s", (_, candidates, selection, problems) => {
    const take = () => select(candidates, selection);
    expect(take).toThrow(VerificationError);
    expect(take).toThrow(
      [
        `dist: the binaries are no whole set for ${selection.platforms.join(", ")}.`,
        ...problems.map((problem) => `- ${problem}`),
        "Build what is missing, or set",
      ].join("\n"),
    );
  });

  it("lists everything that is wrong at once", () => {
    const candidates = [...hello, candidate("helper", "linux/amd64"), ...hello.slice(0, 1)];
    const take = () => select(candidates, { ...both, platforms: [...both.platforms, "linux/386"] });
    expect(take).toThrow(
      [
        "- linux/amd64: 2 files are hello: hello_linux_amd64/hello, hello_linux_amd64/hello",
        "- linux/386: no hello; it is there for linux/amd64, linux/arm64",
        "- linux/arm64: no helper; it is there for linux/amd64",
        "- linux/386: no helper; it is there for linux/amd64",
      ].join("\n"),
    );
  });

  it("refuses a file that is listed and not there", () => {
    expect(() => select(hello, both, ["hello_linux_arm64/hello"])).toThrow(
      "- linux/arm64: hello_linux_arm64/hello is listed in artifacts.json, and is not there",
    );
  });

  it.each<[string[], string]>([
    [[], "- it holds no file"],
    [
      ["README.md"],
      "- no file has a name that says its platform, as app-linux-amd64 and linux/amd64/app do; it holds README.md",
    ],
    [
      ["g", "f", "e", "d", "c", "b", "a"],
      "- no file has a name that says its platform, as app-linux-amd64 and linux/amd64/app do; it holds a, b, c, d, e, and 2 more",
    ],
  ])("says what it holds where nothing is a binary: %j", (files, problem) => {
    expect(() => selectBinaries([], new Set(files), both, "dist")).toThrow(problem);
  });
});
