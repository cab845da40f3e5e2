import { z } from "zod";

/** How a test, or a package of them, ended. */
export type Outcome = "pass" | "fail" | "skip";

export interface TestCase {
  /** With its parents: TestParse/empty */
  name: string;
  outcome: Outcome;
  seconds: number;
  output: string;
}

export interface TestPackage {
  /** Import path. */
  name: string;
  outcome: Outcome;
  seconds: number;
  /** What no test of it printed: a build that failed, a panic, the line with its result. */
  output: string;
  /** In the order in which they ended. */
  tests: TestCase[];
}

/** What `go test -json` reported. */
export interface TestRun {
  packages: TestPackage[];
  /** About what `go test` prints without -json: of tests, those that failed. */
  text: string;
}

const event = z.object({
  Action: z.string(),
  Package: z.string().optional(),
  ImportPath: z.string().optional(),
  Test: z.string().optional(),
  Elapsed: z.number().optional(),
  Output: z.string().optional(),
});
type Event = z.infer<typeof event>;

const outcomes: Readonly<Record<string, Outcome>> = { pass: "pass", fail: "fail", skip: "skip" };

/**
 * Reads what `go test -json` printed (`go doc test2json`). A test that began and did not end, as where its package
 * panicked, failed. Lines that are no events are text.
 */
export function readTestEvents(stdout: string): TestRun {
  const packages = new Map<string, OpenPackage>();
  const text: string[] = [];
  for (const line of stdout.split("\n")) {
    const found = parseEvent(line);
    if (found === undefined) {
      if (line !== "") text.push(`${line}\n`);
      continue;
    }
    const name = found.Package ?? packageOf(found.ImportPath);
    if (name === undefined) continue;
    const open = packages.get(name) ?? { output: [], tests: new Map() };
    packages.set(name, open);
    take(open, found);
  }
  const all = [...packages].map(([name, open]) => closed(name, open));
  return { packages: all, text: [...text, ...all.map(textOf)].join("") };
}

// What is printed of a test that runs, and of a package whose tests pass.
const progress = /^(=== (RUN|PAUSE|CONT|NAME) .*|PASS|coverage: .* of statements( in .*)?)\n/gm;

function textOf({ tests, output }: TestPackage): string {
  const failed = tests.filter(({ outcome }) => outcome === "fail").map((test) => test.output);
  return [...failed, output].join("").replace(progress, "");
}

interface OpenTest {
  output: string[];
  outcome?: Outcome;
  seconds?: number;
}

interface OpenPackage extends OpenTest {
  tests: Map<string, OpenTest>;
}

function take(open: OpenPackage, { Action, Test, Output, Elapsed }: Event): void {
  const test = Test === undefined ? open : (open.tests.get(Test) ?? { output: [] });
  if (Test !== undefined) open.tests.set(Test, test);
  if (Output !== undefined) test.output.push(Output);
  const outcome = outcomes[Action];
  if (outcome !== undefined) Object.assign(test, { outcome, seconds: Elapsed ?? 0 });
}

function closed(name: string, { output, outcome = "fail", seconds = 0, tests }: OpenPackage): TestPackage {
  return {
    name,
    outcome,
    seconds,
    output: output.join(""),
    tests: [...tests].map(([test, open]) => ({
      name: test,
      outcome: open.outcome ?? "fail",
      seconds: open.seconds ?? 0,
      output: open.output.join(""),
    })),
  };
}

/** What is built for the tests of example.com/a: `example.com/a [example.com/a.test]`, and `example.com/a.test` of them. */
function packageOf(importPath: string | undefined): string | undefined {
  return importPath?.replace(/ \[.*$|\.test$/, "");
}

function parseEvent(line: string): Event | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    return event.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
