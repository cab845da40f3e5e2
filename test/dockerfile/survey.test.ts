import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseDockerfile } from "../../src/dockerfile/dockerfile.js";
import { filesOf, findArchive, findCopied, surveyDockerfile } from "../../src/dockerfile/survey.js";
import { BuilderNeededError, InputError } from "../../src/errors.js";
import { openContext, writeFiles } from "../support/image-files.js";
import { makeTemporaryDirectory, type TemporaryDirectory } from "../support/temporary-directory.js";

const target = { platform: { os: "linux", architecture: "amd64" }, buildArgs: {} };
const survey = (text: string) => surveyDockerfile(parseDockerfile(text, "Dockerfile"), target);

describe("surveyDockerfile", () => {
  it.each<[string, string, string[], boolean]>([
    ["what COPY and ADD name", "FROM scratch\nCOPY a b /x/\nADD c /", ["/a,/b", "/c"], false],
    [
      "nothing of a stage that nothing needs",
      "FROM a\nCOPY x /\nCOPY $Y/z /\nFROM scratch\nCOPY y /",
      ["/y"],
      false,
    ],
    [
      "nothing of other stages and images",
      "FROM a AS s\nCOPY x /\nFROM scratch\nCOPY --from=s /x /\nCOPY --from=b /y /",
      ["/x"],
      false,
    ],
    ["nothing of a heredoc", "FROM scratch\nCOPY <<a b /x/\nc\na", ["/b"], false],
    ["a variable that is not set on scratch", "FROM scratch\nCOPY $X/a /", ["/a"], false],
    [
      "a variable that is not set on a stage on scratch",
      "FROM scratch AS s\nFROM s\nCOPY $X/a /",
      ["/a"],
      false,
    ],
    ["a variable that the Dockerfile sets", "FROM a\nENV D=d\nCOPY $D/a /", ["/d/a"], false],
    ["a variable that another stage sets", "FROM a AS s\nARG D=d\nFROM s\nCOPY $D/a /", ["/d/a"], false],
    ["a variable that only a base sets", "FROM a\nCOPY b /\nCOPY $D/a /", ["/b"], true],
    ["a variable that only the base of a stage sets", "FROM a AS s\nFROM s\nCOPY $D/a /", [], true],
    ["an ADD with such a variable", "FROM a\nADD $D/a /", [], true],
    [
      "a COPY whose destination alone has such a variable",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Dockerfiles write variables like this.
      "FROM a\nCOPY x y ${HOME}",
      ["/x,/y"],
      false,
    ],
    [
      "what follows instructions that only such a variable makes right",
      "FROM a\nUSER $APP_UID\nWORKDIR $APP_HOME\nEXPOSE $PORT\nSTOPSIGNAL $SIGNAL\nVOLUME $DATA\nCOPY b .",
      ["/b"],
      false,
    ],
  ])("finds %s", (_, text, expected, isPartial) => {
    const found = survey(text);
    expect(found.copies.map(({ copy }) => copy.sources.join())).toEqual(expected);
    expect(found.isPartial).toBe(isPartial);
  });

  it.each<[string, string, string[]]>([
    ["--mount=type=bind,source=go.mod,target=go.mod", "RUN", ["/go.mod"]],
    ["--mount=target=/src", "RUN", ["/"]],
    ["--mount=type=bind,source=.,target=/src", "RUN", ["/"]],
    ["--mount=src=../a/./b,dst=/b", "RUN", ["/a/b"]],
    ["--mount=type=bind,from=,source=a,target=/b", "RUN", ["/a"]],
    ["--mount=source=$D/x,target=/x", "ARG D=d\nRUN", ["/d/x"]],
    ["--mount=source=a,target=/a --mount=source=/b,target=/b", "RUN", ["/a", "/b"]],
    ["--mount=type=cache,target=/c --mount=type=secret,id=x --mount=type=tmpfs,target=/t", "RUN", []],
    ["--mount=type=bind,from=golang:1,source=/usr,target=/x", "RUN", []],
    ["--mount=TYPE=Bind,source=a,target=/a", "RUN", ["/a"]],
    ["--mount=type=$T,source=a,target=/a", "ARG T=bind\nRUN", ["/a"]],
    ["--mount=type=$T,target=/a", "ARG T=Cache\nRUN", []],
    ['--mount=type=bind,\\"source=a,b\\",target=/a', "RUN", ["/a,b"]],
    ["--network=none", "RUN", []],
  ])("finds what RUN %s mounts of the context", (flags, run, expected) => {
    expect(survey(`FROM a\n${run} ${flags} make`).mounted).toEqual(expected);
  });

  it.each([
    ["FROM scratch\nUSER $APP_UID", "Dockerfile:2: expected a value after USER"],
    ["FROM a\nUSER", "Dockerfile:2: expected a value after USER"],
    ["FROM a AS s\nENV E=\nFROM s\nUSER $E", "Dockerfile:4: expected a value after USER"],
    ["FROM a\nCOPY x y /z", "Dockerfile:2: expected a destination that ends with /"],
  ])("refuses what no base makes right: %j", (text, message) => {
    expect(() => survey(text)).toThrow(InputError);
    expect(() => survey(text)).toThrow(message);
  });
});

describe("what is found in a context", () => {
  let directory: TemporaryDirectory;
  beforeAll(async () => {
    directory = makeTemporaryDirectory();
    await writeFiles(directory.path, { a: "a", "d/b": "b", "d/e/c": "c" });
    await writeFile(join(directory.path, "x.tgz"), gzipSync("x"));
  });
  afterAll(() => directory.remove());

  const find = (body: string) => findCopied(survey(`FROM base\n${body}`), openContext(directory.path));

  it.each<[string, string[] | undefined]>([
    ["COPY a d /x/", ["/a", "/d"]],
    ["COPY d/* /x/", ["/d/b", "/d/e"]],
    ["RUN --mount=source=d,target=/d make", ["/d"]],
    ["RUN --mount=source=absent,target=/d make", []],
    ["COPY a /\nCOPY $UNKNOWN/a /", undefined],
    ["USER 1", []],
  ])("findCopied: %j", (body, expected) => {
    expect(find(body)?.map(({ path }) => path)).toEqual(expected);
  });

  it("findCopied refuses a source that is not there, even where not all is known", () => {
    expect(() => find("COPY $UNKNOWN /x\nCOPY absent /")).toThrow(
      "Dockerfile:3: expected absent to be in the build context",
    );
  });

  it("filesOf gives every file once", () => {
    expect([...filesOf(find("COPY . /x/\nRUN true") ?? [])]).toHaveLength(4);
  });

  it.each<[string, string | undefined]>([
    [
      "ADD x.tgz /",
      'Dockerfile:2: expected ADD without archives, which x.tgz is, got "ADD x.tgz /". Build that image with --builder Auto or Engine.',
    ],
    ["COPY x.tgz /", undefined],
    ["ADD a /", undefined],
  ])("findArchive: %j", async (body, message) => {
    const found = await findArchive(survey(`FROM base\n${body}`), openContext(directory.path));
    expect(found?.message).toBe(message);
    if (message !== undefined) expect(found).toBeInstanceOf(BuilderNeededError);
  });
});
