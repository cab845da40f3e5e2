/**
 * Runs the functions of the module in .dagger/modules/e2e on a real engine, then what needs a registry that outlives
 * its client, and counts them. What is passed after `npm run e2e --` goes to that module: `--mise FILE --alpine 3.20
 * --registry-image registry:3.0.0` on a machine that reaches neither releases of mise nor Docker Hub.
 */
import { spawnSync } from "node:child_process";
import { messageOf } from "../src/errors.js";
import { killReleases } from "./support/killed-release.js";

const functions = [
  "ci-image",
  "go-stages",
  "releases",
  "three-stages",
  "private-ca",
  "attested",
  "forge-release",
  "examples",
  "bad-input",
];
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

/** Calls a function of the module, and gives what it printed. */
async function callFunction(name: string, options: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = run(
    ["-m", ".dagger/modules/e2e", "call", ...options, name],
    30 * minutes,
  );
  if (status !== 0) throw new Error(reasonOf(stderr));
  return stdout;
}

async function main(options: readonly string[]): Promise<number> {
  const probe = run(["core", "version"], 2 * minutes);
  if (probe.status !== 0) {
    console.error(
      "npm run e2e needs the Dagger CLI and an engine: start Docker, or set _EXPERIMENTAL_DAGGER_RUNNER_HOST.",
    );
    return 1;
  }
  const scenarios: [string, () => Promise<string>][] = [
    ...functions.map((name): [string, () => Promise<string>] => [name, () => callFunction(name, options)]),
    ["killed-release", () => killReleases(dagger)],
  ];
  let failed = 0;
  for (const [name, scenario] of scenarios) {
    const started = Date.now();
    const [output, passed] = await scenario().then(
      (text) => [text, true] as const,
      (error: unknown) => [`${messageOf(error)}\n`, false] as const,
    );
    failed += passed ? 0 : 1;
    const seconds = Math.round((Date.now() - started) / 1000);
    const lines = output === "" || output.endsWith("\n") ? output : `${output}\n`;
    console.log(`${lines}${passed ? "passed" : "FAILED"} ${name} (${seconds} s)`);
  }
  console.log(`${scenarios.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
