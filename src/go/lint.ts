import { type Container, type Directory, dag } from "@dagger.io/dagger";
import { runCommand } from "../command.js";
import { InputError } from "../errors.js";
import { redact } from "../secrets.js";
import { cachedGoContainer, type GoProject, readLine, uncached } from "./project.js";
import { pathPrefixOf } from "./report-paths.js";

/** What a report of the linter is asked for. */
export interface LintReportOptions {
  /** Further arguments of `golangci-lint run`. */
  args: readonly string[];
  /** Directory of the source in its repository, from whose root the platforms read paths. */
  pathPrefix?: string | undefined;
}

const reports = "/reports";

/** The container after `golangci-lint run`: its output and its exit code are the linter's own. */
export async function lint(project: GoProject, args: readonly string[]): Promise<Container> {
  const { container } = await prepare(project);
  return container.withExec(["golangci-lint", "run", ...args]);
}

/**
 * Runs golangci-lint whatever it finds, and gives files: `output.txt` as it prints it, `exit-code`, `lint.sarif` for
 * GitHub, and `code-quality.json` for GitLab, which reads Code Climate's form.
 */
export async function lintReport(
  project: GoProject,
  { args, pathPrefix }: LintReportOptions,
): Promise<Directory> {
  const { container, version } = await prepare(project);
  if (version.startsWith("1."))
    throw new InputError({
      subject: "golangci-lint",
      expected: "version 2 or later, which writes several reports at once",
      given: version,
      fix: "Name one in .mise/config.toml, or run lint",
    });
  const prefix = pathPrefixOf(pathPrefix);
  const formats = {
    text: "stdout",
    sarif: `${reports}/lint.sarif`,
    "code-climate": `${reports}/code-quality.json`,
  };
  const run = await runCommand(uncached(container.withDirectory(reports, dag.directory())), [
    "golangci-lint",
    "run",
    ...Object.entries(formats).map(([form, path]) => `--output.${form}.path=${path}`),
    ...(prefix === "" ? [] : [`--path-prefix=${prefix}`]),
    ...args,
  ]);
  return run.container
    .directory(reports)
    .withNewFile("output.txt", redact(`${run.stdout}${run.stderr}`))
    .withNewFile("exit-code", `${run.exitCode}\n`);
}

async function prepare(project: GoProject): Promise<{ container: Container; version: string }> {
  const container = cachedGoContainer(project);
  const [version, go] = await Promise.all([
    readLine(container, ["golangci-lint", "version", "--short"]),
    readLine(container, ["go", "env", "GOVERSION"]),
  ]);
  // Results of another linter or another Go are never found again, but would be carried along.
  const volume = dag.cacheVolume(`slipway-golangci-lint-${version}-${go}`);
  return {
    version,
    container: container
      .withMountedCache("/cache/golangci-lint", volume)
      .withEnvVariable("GOLANGCI_LINT_CACHE", "/cache/golangci-lint"),
  };
}
