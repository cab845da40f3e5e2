import { expect, it } from "vitest";
import { readSecret } from "../src/project.js";
import { messageThrownBy } from "./support/thrown.js";

const failing = (message: string) => async () => Promise.reject(new Error(message));

it.each([
  [
    'rpc error: code = Unknown desc = secret env var not found: "NOP..."',
    'secret env var not found: "NOP..."',
  ],
  ["failed to read secret file: open config.json", "failed to read secret file: open config.json"],
])("a secret that cannot be read is named by its argument: %s", async (said, shown) => {
  expect(await messageThrownBy(() => readSecret("--docker-config", failing(said)))).toBe(
    `--docker-config: expected a secret that can be read, got "${shown}". Set what it names, a variable as env://NAME or a file as file://PATH, where dagger is called.`,
  );
});

it("a secret that can be read is given", async () => {
  expect(await readSecret("--docker-config", async () => "text")).toBe("text");
});
