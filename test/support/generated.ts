import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { renderCacheKey } from "../../src/ci-image/cache-key.js";
import { parseSettings, settingsSchema } from "../../src/config.js";
import { filesWithAddress, withAddress } from "./address.js";
import { readContract, root } from "./contract.js";
import { renderContract } from "./contract-text.js";
import { callersByInit, exampleNames, handWritten, keyByInit } from "./examples.js";
import { renderFunctions } from "./functions-page.js";
import { publicTrustRoot } from "./public-good.js";
import { renderSettings } from "./settings-page.js";

/** A committed file that is made from others. */
export interface GeneratedFile {
  /** Relative to the root of the repository. */
  path: string;
  render(): Promise<string>;
}

/** What `npm run generate` writes, and the tests hold to be current. */
export const generatedFiles: readonly GeneratedFile[] = [
  { path: "test/contract.txt", render: async () => renderContract(await readContract()) },
  { path: "docs/settings.md", render: async () => renderSettings(settingsSchema()) },
  { path: "docs/functions.md", render: async () => renderFunctions(await readContract()) },
  { path: "slipway.schema.json", render: () => formatJson(settingsSchema()) },
  { path: "src/attest/signature/public-good.json", render: () => formatJson(publicTrustRoot()) },
  ...exampleNames
    .filter((name) => !handWritten.includes(name))
    .flatMap(callersByInit)
    .concat(exampleNames.flatMap(keyByInit))
    .map(({ example, path, text }) => ({ path: `examples/${example}/${path}`, render: async () => text })),
  ...filesWithAddress().map((path) => ({
    path,
    render: async () => withAddress((await readCommitted(path)) ?? ""),
  })),
  { path: ".cache-key", render: renderOwnCacheKey },
];

/** The text of a file of the repository; undefined where there is none. */
export async function readCommitted(path: string): Promise<string | undefined> {
  return (await readBytes(path))?.toString("utf8");
}

/** The key of this repository's own cache, as `dagger call cache-key` renders it. */
async function renderOwnCacheKey(): Promise<string> {
  const { files } = parseSettings(await readCommitted("slipway.json")).cacheKey;
  const entries = files.map(async (path) => ({ path, content: await readBytes(path) }));
  return renderCacheKey(await Promise.all(entries));
}

/** JSON in the form that the formatter of this repository leaves alone. */
function formatJson(value: object): Promise<string> {
  return new Promise((resolve, reject) => {
    const biome = execFile(
      join(root, "node_modules/.bin/biome"),
      ["format", "--stdin-file-path=generated.json"],
      { cwd: root },
      (error, formatted) => (error === null ? resolve(formatted) : reject(error)),
    );
    biome.stdin?.end(JSON.stringify(value));
  });
}

async function readBytes(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(join(root, path));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
