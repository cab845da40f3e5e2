import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Directory, Secret } from "@dagger.io/dagger";
import { vi } from "vitest";
import { Slipway } from "../../src/index.js";

/** What a call of the module says: its result or its error, and what it printed meanwhile. */
export interface Said {
  /** Whether it ended with a result. */
  ok: boolean;
  text: string;
  printed: string;
}

export interface ModuleOptions {
  /** Content of slipway.json. */
  settings: object;
  /** Content of Docker's config.json. */
  dockerConfig?: object;
}

/**
 * The module as its caller has it, with files and secrets that are no engine's: for functions that ask registries and
 * nothing else.
 */
export function openModule({ settings, dockerConfig }: ModuleOptions): Slipway {
  const source = directoryOf({ "slipway.json": JSON.stringify(settings) });
  return new Slipway(source, undefined, dockerConfig && secretOf(JSON.stringify(dockerConfig)));
}

/** Calls the module, and hears all that it says. */
export async function hear(call: () => Promise<string>): Promise<Said> {
  const print = vi.spyOn(console, "error").mockImplementation(() => {});
  try {
    const [ok, text] = await call().then(
      (result) => [true, result] as const,
      (error: unknown) => [false, error instanceof Error ? error.message : `no error: ${error}`] as const,
    );
    return { ok, text, printed: print.mock.calls.flat().join("\n") };
  } finally {
    print.mockRestore();
  }
}

/** A secret of the command line. */
export function secretOf(text: string): Secret {
  return { plaintext: async () => text } satisfies Pick<Secret, "plaintext"> as unknown as Secret;
}

function directoryOf(files: Readonly<Record<string, string>>): Directory {
  const directory: Pick<Directory, "filter" | "export"> = {
    filter: ({ include = [] } = {}) =>
      directoryOf(Object.fromEntries(Object.entries(files).filter(([path]) => include.includes(path)))),
    async export(target) {
      for (const [path, content] of Object.entries(files)) {
        await mkdir(dirname(join(target, path)), { recursive: true });
        await writeFile(join(target, path), content);
      }
      return target;
    },
  };
  return directory as Directory;
}
