import type { TestCase, TestPackage } from "./test-events.js";
import { type Element, renderXml } from "./xml.js";

/**
 * The report of tests that GitLab, GitHub's actions and most others read: JUnit's XML, a suite for each package. A package
 * that failed though none of its tests did, as where it does not compile, has a case that says so.
 */
export function renderJUnit(packages: readonly TestPackage[]): string {
  const suites = packages.map(suiteOf);
  return renderXml({ name: "testsuites", children: suites });
}

function suiteOf({ name, seconds, tests, outcome, output }: TestPackage): Element {
  const failsAlone = outcome === "fail" && !tests.some((test) => test.outcome === "fail");
  const cases = failsAlone ? [...tests, { name: "package", outcome, seconds, output }] : tests;
  const count = (wanted: string) => cases.filter((test) => test.outcome === wanted).length;
  return {
    name: "testsuite",
    attributes: {
      name,
      tests: cases.length,
      failures: count("fail"),
      errors: 0,
      skipped: count("skip"),
      time: seconds.toFixed(3),
    },
    children: cases.map((test) => caseOf(name, test)),
  };
}

function caseOf(suite: string, { name, outcome, seconds, output }: TestCase): Element {
  const results: Readonly<Record<typeof outcome, Element[]>> = {
    pass: [],
    skip: [{ name: "skipped", attributes: { message: lastLine(output) } }],
    fail: [{ name: "failure", attributes: { message: "Failed", type: "go test" }, children: [output] }],
  };
  return {
    name: "testcase",
    attributes: { classname: suite, name, time: seconds.toFixed(3) },
    children: results[outcome],
  };
}

/** What a test said before it was skipped. */
function lastLine(output: string): string {
  const lines = output.split("\n").map((line) => line.trim());
  return lines.findLast((line) => line !== "" && !/^(---|===)/.test(line)) ?? "";
}
