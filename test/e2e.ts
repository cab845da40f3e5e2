/**
 * Runs the functions of the module in .dagger/modules/e2e on a real engine, and counts them. What is passed after
 * `npm run e2e --` goes to that module: `--mise FILE --alpine 3.20` on a machine that reaches no mise release.
 */
import { spawnSync } from "node:child_process";

const scenarios = ["ci-image", "go-stages", "private-ca", "bad-input"];
const dagger = process.env._EXPERIMENTAL_DAGGER_CLI_BIN ?? "dagger";
const minutes = 60_000;

function run(args: readonly string[], timeout: number) {
  return spawnSync(dagger, ["--progress=plain", ...args], { encoding: "utf8", timeout });
}

/** What the command said last on its way to failing, without the log of the engine around it. */
function reasonOf(log: string): string {
  const at = log.lastIndexOf("\nError: ");
  return at === -1 ? log.slice(-2000) : log.slice(at + 1);
}

function main(options: readonly string[]): number {
  const probe = run(["core", "version"], 2 * minutes);
  if (probe.status !== 0) {
    console.error(
      "npm run e2e needs the Dagger CLI and an engine: start Docker, or set _EXPERIMENTAL_DAGGER_RUNNER_HOST.",
    );
    return 1;
  }
  let failed = 0;
  for (const scenario of scenarios) {
    const started = Date.now();
    const { status, stdout, stderr } = run(
      ["-m", ".dagger/modules/e2e", "call", ...options, scenario],
      30 * minutes,
    );
    const seconds = Math.round((Date.now() - started) / 1000);
    if (status !== 0) failed += 1;
    console.log(`${stdout}${status === 0 ? "passed" : "FAILED"} ${scenario} (${seconds} s)`);
    if (status !== 0) console.log(reasonOf(stderr));
  }
  console.log(`${scenarios.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

process.exitCode = main(process.argv.slice(2));
