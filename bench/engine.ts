/**
 * Slipway's module on a running engine, beside a module that says hello: the same call again, a call with other
 * arguments, and one after an edit of the source. What both take is Dagger's; what Slipway adds is their ratio. Times
 * are medians of one run on one machine.
 */
import { execFileSync } from "node:child_process";
import { appendFile, copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { markdownTable } from "../src/report.js";
import { makeTemporaryDirectory } from "../test/support/temporary-directory.js";
import { median, seconds } from "./figures.js";
import { runMeasured } from "./process.js";

const rounds = 5;
const dagger = process.env._EXPERIMENTAL_DAGGER_CLI_BIN ?? "dagger";
const root = fileURLToPath(new URL("..", import.meta.url));

/** A module that is called. */
interface Module {
  name: string;
  /** A source file, whose last line is edited. */
  source: string;
  /** The number of its last call. */
  last?: number;
  /** Words of a call; another number is another call. */
  call(number: number): string[];
}

type Kind = "again" | "other arguments" | "after an edit";
const kinds: readonly Kind[] = ["again", "other arguments", "after an edit"];

/** Arguments that no earlier run of this program gave, and no other call. */
const numbers = (function* () {
  for (let number = Date.now() % 1_000_000_000; ; number += 1) yield number;
})();

/** Prints the table; needs the CLI and an engine that is reachable. */
export async function benchEngine(): Promise<void> {
  const directory = makeTemporaryDirectory();
  try {
    const modules = [
      await makeHello(join(directory.path, "hello")),
      makeSlipway(join(directory.path, "slipway")),
    ];
    // The first call builds what all further ones have.
    for (const module of modules) await time(module);
    const times = new Map<string, number[]>();
    for (let round = 0; round < rounds; round += 1)
      for (const kind of kinds)
        for (const module of modules) {
          const key = `${module.name} ${kind}`;
          times.set(key, [...(times.get(key) ?? []), await timeOf(kind, module)]);
        }
    const rows = kinds.map((kind) => {
      const [hello = 0, slipway = 0] = modules.map(({ name }) => median(times.get(`${name} ${kind}`) ?? []));
      return [kind, seconds(hello), seconds(slipway), (slipway / hello).toFixed(2)];
    });
    console.log(markdownTable(["call", "hello", "Slipway", "ratio"], rows));
  } finally {
    await directory.remove();
  }
}

async function timeOf(kind: Kind, module: Module): Promise<number> {
  if (kind === "after an edit") await appendFile(module.source, `// ${numbers.next().value}\n`);
  return time(module, kind === "again" ? module.last : undefined);
}

async function time(module: Module, number = numbers.next().value): Promise<number> {
  module.last = number;
  const { milliseconds } = await runMeasured([[dagger, "--progress=plain", ...module.call(number)]]);
  return milliseconds;
}

async function makeHello(path: string): Promise<Module> {
  await mkdir(join(path, "src"), { recursive: true });
  const { engineVersion, sdk } = JSON.parse(await readFile(join(root, "dagger.json"), "utf8"));
  await writeFile(
    join(path, "dagger.json"),
    JSON.stringify({ name: "hello", engineVersion, sdk, source: "." }),
  );
  // Of a module as `dagger init` makes it.
  for (const file of ["package.json", "tsconfig.json"])
    await copyFile(join(root, ".dagger/modules/e2e", file), join(path, file));
  const source = join(path, "src/index.ts");
  const text = [
    'import { func, object } from "@dagger.io/dagger";',
    "@object()",
    "export class Hello {",
    '  @func({ cache: "never" })',
    "  hello(number: number): string {",
    '    return "hello " + number;',
    "  }",
    "}",
  ];
  await writeFile(source, `${text.join("\n")}\n`);
  return {
    name: "hello",
    source,
    call: (number) => ["-m", path, "call", "hello", "--number", String(number)],
  };
}

/** What is committed, as an engine loads it. */
function makeSlipway(path: string): Module {
  execFileSync("git", ["clone", "--quiet", root, path]);
  const call = (number: number) => ["assess-rollback", "--pulls", String(number), "--pull-failures", "0"];
  return {
    name: "Slipway",
    source: join(path, "src/index.ts"),
    call: (number) => ["-m", path, "call", "--source", join(path, "docs"), ...call(number)],
  };
}
