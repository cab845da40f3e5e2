import { type Container, type Directory, dag } from "@dagger.io/dagger";
import { runCommand } from "../command.js";
import { InputError, VerificationError } from "../errors.js";
import { redact } from "../secrets.js";
import { type Coverage, coverageLine, parseCoverage, percentOf, renderCobertura } from "./coverage.js";
import { renderJUnit } from "./junit.js";
import { cachedGoContainer, type GoProject, readLine, uncached } from "./project.js";
import { pathPrefixOf } from "./report-paths.js";
import { readTestEvents } from "./test-events.js";

/** What `go test` is asked for. */
export interface TestOptions {
  /** As go names them: `./...` */
  packages: readonly string[];
  buildTags: readonly string[];
  /** As go takes it: `10m` */
  timeout?: string | undefined;
  /** Further arguments, before the packages. */
  args: readonly string[];
  /** Percent of all statements that the tests have to run. */
  coverageMinimum?: number | undefined;
}

/** What reports of tests are asked for. */
export interface TestReportOptions extends TestOptions {
  /** Directory of the source in its repository, from whose root the platforms read paths. */
  pathPrefix?: string | undefined;
}

const reports = "/reports";
const profile = "coverage.out";

// What the functions here set themselves.
const taken = /^--?(json|coverprofile|outputdir|o|c)(=|$)/;

/** Runs `go test`, whose output and exit code are given; where a minimum is given, the line with the coverage as well. */
export async function test(project: GoProject, options: TestOptions): Promise<string> {
  const { coverageMinimum } = options;
  const { container, command } = await prepare(project, options, coverageMinimum !== undefined);
  const after = container.withExec(command);
  const output = await after.stdout();
  if (coverageMinimum === undefined) return output;
  const coverage = parseCoverage(await after.file(`${reports}/${profile}`).contents());
  requireCoverage(percentOf(coverage), coverageMinimum, output);
  return `${output.trimEnd()}\n${coverageLine(coverage)}\n`;
}

/**
 * Runs `go test` whatever comes of it, and gives files: `output.txt` as go prints it, with the line of the coverage;
 * `exit-code`; `junit.xml`; and of what compiled `coverage.out` and, as Cobertura, `coverage.xml`.
 */
export async function testReport(project: GoProject, options: TestReportOptions): Promise<Directory> {
  const { container, command } = await prepare(project, options, true);
  const [go = "", verb = "", ...rest] = command;
  const run = await runCommand(uncached(container), [go, verb, "-json", ...rest]);
  const { packages, text } = readTestEvents(run.stdout);
  const found = run.container.directory(reports);
  const coverage = (await found.exists(profile))
    ? parseCoverage(await found.file(profile).contents())
    : undefined;
  const minimum = options.coverageMinimum ?? 0;
  const low = coverage !== undefined && percentOf(coverage) < minimum;
  const lines = [
    `${text}${run.stderr}`.trimEnd(),
    ...(coverage === undefined ? [] : [coverageLine(coverage)]),
    ...(low ? [`coverage: at least ${minimum}% are wanted`] : []),
  ];
  const files = {
    "output.txt": `${lines.join("\n")}\n`,
    "exit-code": `${run.exitCode === 0 && low ? 1 : run.exitCode}\n`,
    "junit.xml": renderJUnit(packages),
    ...(coverage === undefined
      ? {}
      : { "coverage.xml": await cobertura(container, coverage, options.pathPrefix) }),
  };
  return Object.entries(files).reduce(
    (directory, [name, content]) => directory.withNewFile(name, redact(content)),
    found,
  );
}

async function cobertura(container: Container, coverage: Coverage, pathPrefix?: string): Promise<string> {
  return renderCobertura(coverage, await readLine(container, ["go", "list", "-m"]), pathPrefixOf(pathPrefix));
}

/**
 * The container and the command. The race detector is on where the image can build it: it needs cgo, which Go turns off
 * by itself where there is no C compiler.
 */
async function prepare(
  project: GoProject,
  { packages, buildTags, timeout, args }: TestOptions,
  withCoverage: boolean,
): Promise<{ container: Container; command: string[] }> {
  const own = args.find((argument) => taken.test(argument));
  if (own !== undefined)
    throw new InputError({
      subject: "--args",
      expected: "arguments of go test but those of its output",
      given: own,
      fix: "Take test-report, which gives the coverage and the events as files",
    });
  const container = cachedGoContainer(project);
  const cgo = await readLine(container, ["go", "env", "CGO_ENABLED"]);
  const command = [
    "go",
    "test",
    ...(cgo === "1" ? ["-race"] : []),
    ...(buildTags.length === 0 ? [] : ["-tags", buildTags.join()]),
    ...(timeout === undefined ? [] : ["-timeout", timeout]),
    ...(withCoverage ? [`-coverprofile=${reports}/${profile}`] : []),
    ...args,
    ...packages,
  ];
  return { container: withCoverage ? container.withDirectory(reports, dag.directory()) : container, command };
}

function requireCoverage(percent: number, minimum: number, output: string): void {
  if (percent >= minimum) return;
  throw new VerificationError([
    `coverage: ${percent.toFixed(1)}% of statements, at least ${minimum}% are wanted. Test more of it, or lower --coverage-minimum.`,
    "",
    ...output.trimEnd().split("\n"),
  ]);
}
