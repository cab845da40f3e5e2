import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { documentForms } from "../src/attest/document.js";
import { provenanceOf } from "../src/attest/provenance.js";
import { bundleMediaType } from "../src/attest/signature/bundle.js";
import { parseSettings } from "../src/config.js";
import { github, githubJob, gitlabJob, publishing } from "./support/ci-release.js";
import { type Contract, readContract, root } from "./support/contract.js";
import { anchorsOf, documentedFiles, tableRowsOf } from "./support/markdown.js";

const page = readFileSync(join(root, "docs/attest.md"), "utf8");
const rows = tableRowsOf(page);
const rowOf = (first: string) => rows.find(([cell]) => cell === first) ?? [];
const codeIn = (cell = "") => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);

let contract: Contract;

beforeAll(async () => {
  contract = await readContract();
});

describe("docs/attest.md", () => {
  it("says under which types documents are attached", () => {
    const forms = Object.values(documentForms);
    const [first, second] = [3, 4].map((column) =>
      ["SBOM", "provenance", "signature"].flatMap((name) => codeIn(rowOf(name)[column])),
    );
    expect(first).toEqual(forms.map(({ predicateType }) => predicateType));
    expect(second).toEqual(forms.flatMap(({ unsigned }) => unsigned?.mediaType ?? []));
    expect(page).toContain(`\`${bundleMediaType}\``);
  });

  it("is what a provenance leads to", () => {
    const { buildDefinition, runDetails } = provenanceOf({ parameters: {}, materials: [], startedOn: 0 });
    const [path, anchor = ""] = runDetails.builder.id.split("#");
    expect(path).toBe(buildDefinition.buildType);
    expect(path).toMatch(/\/docs\/attest\.md$/);
    expect(anchorsOf(page)).toContain(anchor);
    expect(page).toContain(`\`${runDetails.builder.id}\``);
  });

  it("names the options that a provenance holds, which are those that say what is built", () => {
    const [, ...parameters] = codeIn(rowOf("`externalParameters`")[1]).filter(
      (code) => !["release", "join"].includes(code),
    );
    const camelCase = (name: string) => name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
    const options = contract.functions.find(({ name }) => name === "release")?.options ?? [];
    const about = options
      .map(({ name }) => camelCase(name))
      .filter((name) => !["binaries", "firstPublish", "skipPush", "format"].includes(name));
    expect(parameters.toSorted()).toEqual(about.toSorted());
  });

  it("says what the settings are by default, and shows one that is valid", () => {
    const { attest } = parseSettings(undefined);
    for (const name of ["sbom", "provenance", "signature"] as const) {
      const [shown = ""] = codeIn(rowOf(`\`attest.${name}\``)[1]);
      expect(JSON.parse(shown)).toEqual(attest[name]);
    }
    const shown = documentedFiles(page, "json").map((text) => parseSettings(text));
    expect(shown).toHaveLength(2);
  });

  it("names the jobs, the secrets and the tokens of the pipelines", () => {
    const secrets = Object.keys(github.called.secrets ?? {}).filter((name) => name.startsWith("COSIGN_"));
    const tokens = publishing.flatMap((name) => Object.keys(gitlabJob(name).id_tokens ?? {}));
    const rights = publishing.flatMap((name) => Object.entries(githubJob(name).permissions ?? {}));
    const names = [...secrets, ...tokens, ...publishing, ...publishing.map((name) => `slipway-${name}`)];
    expect([...secrets, ...tokens]).toHaveLength(4);
    expect(rights.map((right) => right.join(": "))).toContain("id-token: write");
    expect([...names, "id-token: write"].filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });

  it("lets nobody verify by the identity on GitHub alone, which everybody has", () => {
    const commands = page.replaceAll("\\\n", "").match(/^cosign verify .*$/gm) ?? [];
    const identities = commands.filter((command) => command.includes("githubusercontent.com"));
    expect(identities).toHaveLength(1);
    expect(
      identities.filter((command) => !/--certificate-github-workflow-repository \S+/.test(command)),
    ).toEqual([]);
  });
});
