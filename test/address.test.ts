import { globSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { address, filesWithAddress, mentionsIn, withAddress } from "./support/address.js";
import { root } from "./support/contract.js";

const files = globSync(["**/*", "{.,examples/*/.}*", "{,examples/*/}.{ci,dagger,github,mise}/**/*"], {
  cwd: root,
  exclude: (path) => /(^|\/)(node_modules|\.git|sdk)$/.test(path),
}).filter((path) => statSync(join(root, path)).isFile());
const read = (path: string) => readFileSync(join(root, path), "utf8");

describe("the address of Slipway", () => {
  it("is a repository of GitHub and a version", () => {
    expect(JSON.parse(read("package.json")).repository).toBe(`https://github.com/${address.repository}`);
    expect(address.repository).toMatch(/^[\w-]+\/slipway$/);
    expect(JSON.parse(read("package-lock.json")).version).toBe(address.version);
  });

  it("is named by no file that npm run generate does not write", () => {
    const naming = files.filter((path) => /[\w-]\/slipway(@|\/(v\d|\.github|pipeline))/.test(read(path)));
    expect(naming.sort()).toEqual(filesWithAddress());
    expect(naming.length).toBeGreaterThan(5);
  });

  it.each(filesWithAddress())("has the form that is written anew, wherever %s names it", (path) => {
    const text = read(path);
    const loose = text.match(/[\w-]\/slipway(@|\/(v\d|\.github|pipeline))/g) ?? [];
    expect(mentionsIn(text)).toHaveLength(loose.length);
  });

  const [old, moved] = ["a/slipway", "b/slipway"];

  it.each([
    [`dagger -m github.com/${old}@v0.0.1 call`, `dagger -m github.com/${moved}@v1.2.3 call`],
    [`${old}/.github/workflows/ci.yml@v0.0.1-rc.1`, `${moved}/.github/workflows/ci.yml@v1.2.3`],
    [`$CI_SERVER_FQDN/${old}/pipeline@0.0.1`, `$CI_SERVER_FQDN/${moved}/pipeline@1.2.3`],
    [`https://h/${old}/v0.0.1/templates/pipeline.yml`, `https://h/${moved}/v1.2.3/templates/pipeline.yml`],
    [`ghcr.io/${old}:1`, `ghcr.io/${old}:1`],
  ])("is written into %s", (text, written) => {
    expect(withAddress(text, { repository: moved, version: "1.2.3" })).toBe(written);
  });
});
