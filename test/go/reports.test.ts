import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { InputError } from "../../src/errors.js";
import { coverageLine, parseCoverage, percentOf, renderCobertura } from "../../src/go/coverage.js";
import { renderJUnit } from "../../src/go/junit.js";
import { pathPrefixOf } from "../../src/go/report-paths.js";
import { readTestEvents, type TestRun } from "../../src/go/test-events.js";
import { writeFiles } from "../support/image-files.js";
import { makeTemporaryDirectory } from "../support/temporary-directory.js";

const project = {
  "go.mod": "module example.com/app\n\ngo 1.24\n",
  "good/good.go": `package good

func Sign(n int) string {
	if n < 0 {
		return "minus"
	}
	return "plus"
}
`,
  "good/good_test.go": String.raw`package good

import "testing"

func TestSign(t *testing.T) {
	t.Run("one", func(t *testing.T) { Sign(1) })
	t.Run("a \"quoted\" <name>", func(t *testing.T) { t.Log("\x1b[31mred & <b>\x00") })
}

func TestSkipped(t *testing.T) { t.Skip("not today") }
`,
  "bad/bad_test.go": `package bad

import "testing"

func TestFails(t *testing.T) { t.Error("expected 1, got 2") }

func TestPasses(t *testing.T) {}
`,
  "panics/panics_test.go": `package panics

import "testing"

func TestPanics(t *testing.T) { panic("boom") }
`,
  "broken/broken_test.go": `package broken

import "testing"

func TestBroken(t *testing.T) { undefined() }
`,
};

let run: TestRun;
let profile: string;
let total: string;

beforeAll(async () => {
  const { path } = makeTemporaryDirectory();
  await writeFiles(path, project);
  const go = (...args: string[]) =>
    promisify(execFile)("go", args, { cwd: path, env: { ...process.env, GOFLAGS: "", GOWORK: "off" } }).catch(
      (error: { stdout: string }) => error,
    );
  run = readTestEvents((await go("test", "-json", "./...")).stdout);
  await go("test", "-coverprofile=c.out", "./good");
  const { stdout } = await go("tool", "cover", "-func=c.out");
  total = stdout.trim().split("\n").at(-1) ?? "";
  profile = await import("node:fs/promises").then(({ readFile }) => readFile(join(path, "c.out"), "utf8"));
});

describe("what go test -json says", () => {
  it("is how each test of each package ended", () => {
    const ended = Object.fromEntries(
      run.packages.map(({ name, outcome, tests }) => [
        name.replace("example.com/app/", ""),
        [outcome, ...tests.map((test) => `${test.name} ${test.outcome}`)],
      ]),
    );
    expect(ended).toEqual({
      bad: ["fail", "TestFails fail", "TestPasses pass"],
      broken: ["fail"],
      good: [
        "pass",
        "TestSign pass",
        "TestSign/one pass",
        'TestSign/a_"quoted"_<name> pass',
        "TestSkipped skip",
      ],
      panics: ["fail", "TestPanics fail"],
    });
  });

  it("is what go prints, for people", () => {
    for (const line of ["--- FAIL: TestFails", "expected 1, got 2", "undefined: undefined", "panic: boom"])
      expect(run.text).toContain(line);
    expect(run.text).not.toContain('{"Time"');
  });

  it("may have lines that are no events between", () => {
    const { packages, text } = readTestEvents(
      'go: downloading a\n{"Action":"pass","Package":"p"}\n{no json}\n',
    );
    expect(text).toBe("go: downloading a\n{no json}\n");
    expect(packages).toEqual([{ name: "p", outcome: "pass", seconds: 0, output: "", tests: [] }]);
  });
});

describe("the report in JUnit's form", () => {
  it("has a suite for each package, and says of one that failed without a test why", () => {
    const xml = renderJUnit(run.packages);
    const suites = [
      ...xml.matchAll(/<testsuite name="([^"]*)" tests="(\d+)" failures="(\d+)" errors="0" skipped="(\d+)"/g),
    ];
    expect(suites.map(([, ...found]) => found).toSorted()).toEqual([
      ["example.com/app/bad", "2", "1", "0"],
      ["example.com/app/broken", "1", "1", "0"],
      ["example.com/app/good", "4", "0", "1"],
      ["example.com/app/panics", "1", "1", "0"],
    ]);
    expect(xml).toMatch(
      /<testcase classname="example.com\/app\/broken" name="package"[^>]*><failure[^>]*>[^<]*undefined: undefined/,
    );
    expect(xml).toContain('<skipped message="good_test.go:10: not today">');
    expect(xml).toContain('name="TestSign/a_&quot;quoted&quot;_&lt;name&gt;"');
  });

  it("holds no character that XML does not know", () => {
    const output = "\u001b[31mred & <b>\u0000\ud800\uffff 😀\r\n";
    const xml = renderJUnit([{ name: "p", outcome: "fail", seconds: 0.1234, output, tests: [] }]);
    expect(xml).toContain('type="go test">[31mred &amp; &lt;b&gt; 😀&#13;&#10;</failure>');
  });
});

describe("the coverage", () => {
  it("is the percentage that go tool cover says, on a line that GitLab reads", () => {
    expect(coverageLine(parseCoverage(profile))).toBe(total.replaceAll(/\t+/g, "\t"));
    expect(coverageLine(parseCoverage(profile))).toMatch(/total:\s+\(statements\)\s+\d+\.\d+%/);
  });

  it("counts a block once that several packages report", () => {
    const text = "mode: set\nm/a.go:1.1,2.2 3 0\nm/a.go:1.1,2.2 3 1\nm/a.go:4.1,5.2 1 0\n";
    expect(percentOf(parseCoverage(text))).toBe(75);
    expect(percentOf(parseCoverage("mode: set\n"))).toBe(100);
  });

  it("is by file and line in Cobertura's form", () => {
    const xml = renderCobertura(parseCoverage(profile), "example.com/app");
    expect(xml).toContain('<class name="good/good.go" filename="good/good.go" line-rate="');
    const lines = [...xml.matchAll(/<line number="(\d+)" hits="(\d+)">/g)].map(
      ([, number, hits]) => `${number} ${hits}`,
    );
    expect(lines).toEqual(["3 1", "4 1", "5 0", "6 0", "7 1"]);
  });

  it("has the paths of the repository where the module is a directory of it", () => {
    const xml = renderCobertura(parseCoverage(profile), "example.com/app", "tool");
    expect(xml).toContain('<class name="tool/good/good.go" filename="tool/good/good.go" line-rate="');
  });

  it.each(["m/a.go:1.1,2.2 3", "m/a.go:1.1,9999999.2 3 1", "<xml>"])("is refused: %s", (line) => {
    expect(() => parseCoverage(`mode: set\n${line}\n`)).toThrow(InputError);
  });
});

describe("the prefix of paths in reports", () => {
  it.each([
    [undefined, ""],
    ["", ""],
    [".", ""],
    ["./", ""],
    ["tool", "tool"],
    ["./tool/", "tool"],
    ["a//b/../c", "a/c"],
    ["../tool", "tool"],
  ])("of %j is %j", (directory, prefix) => {
    expect(pathPrefixOf(directory)).toBe(prefix);
  });
});
