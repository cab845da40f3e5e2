/** Writes the committed files that are made from others: `npm run generate`. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { root } from "./contract.js";
import { generatedFiles, readCommitted } from "./generated.js";

for (const { path, render } of generatedFiles) {
  const text = await render();
  const current = (await readCommitted(path)) === text;
  if (!current) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  console.log(`${path}: ${current ? "current" : "written"}`);
}
