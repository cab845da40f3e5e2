import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseSettings } from "../src/config.js";
import { summarizeDockerfile } from "../src/dockerfile/dockerfile.js";
import { readInstructions } from "../src/dockerfile/instruction.js";
import { parsePlatform } from "../src/oci/platform.js";
import { interpret } from "../src/release/interpretation.js";
import { decideTags } from "../src/tags/policy.js";
import { readGithubWorkflow } from "./support/ci-files.js";
import { github, githubJob } from "./support/ci-release.js";
import { root } from "./support/contract.js";
import { documentedCommands, documentedFiles } from "./support/markdown.js";
import { makeTagRequest } from "./support/tag-request.js";

const page = readFileSync(join(root, "docs/release.md"), "utf8");
const [compiling = "", development = "", ...others] = documentedFiles(page, "dockerfile");

describe("the build from source in docs/release.md", () => {
  const name = "Dockerfile.dev";
  const stageOf = (text: string) => {
    const { instructions } = readInstructions(text, name);
    return instructions.slice(instructions.findLastIndex(({ keyword }) => keyword === "FROM") + 1);
  };
  const release = stageOf(readFileSync(join(root, "Dockerfile.release"), "utf8"));
  const last = stageOf(development);

  it("compiles with the Go and the Alpine of the CI image", () => {
    const { go, alpine } = parseSettings(undefined).ciImage;
    expect(summarizeDockerfile(development).bases).toEqual([`golang:${go}-alpine${alpine}`]);
  });

  it.each(["USER", "ENTRYPOINT"])("gives the image the %s of Dockerfile.release", (keyword) => {
    const of = (stage: typeof last) =>
      stage.filter((line) => line.keyword === keyword).map(({ text }) => text);
    expect(of(last)).toHaveLength(1);
    expect(of(last)).toEqual(of(release));
  });

  it("puts the program where Dockerfile.release has it, and nothing else", () => {
    const destinations = (stage: typeof last) =>
      stage.filter(({ keyword }) => keyword === "COPY").map(({ text }) => text.split(" ").at(-1));
    expect(destinations(last)).toEqual(destinations(release));
  });

  it("cannot be taken for Dockerfile.release", () => {
    const target = { platform: parsePlatform("linux/amd64"), buildArgs: {} };
    const { builderNeeded } = interpret({ path: name, text: development }, [target]);
    expect(builderNeeded?.message).toMatch(/^Dockerfile\.dev:\d+: .*RUN/);
  });

  it("is what the commands below it build", () => {
    const commands = documentedCommands(page).map(({ command }) => command);
    expect(commands).toContain("docker build --file Dockerfile.dev --tag app:dev .");
  });
});

describe("docs/release.md", () => {
  it("shows a Dockerfile whose stage cache is what dependency-cache takes by default", () => {
    expect(others).toEqual([]);
    expect(compiling).toContain("FROM scratch AS cache\n");
    expect(compiling).toContain("COPY .dependency-cache ");
    const { steps } = githubJob("build-platform");
    expect(steps.find(({ uses }) => uses?.startsWith("actions/cache/restore@"))?.with?.path).toBe(
      ".dependency-cache",
    );
  });

  it("shows settings that are valid", () => {
    const settings = documentedFiles(page, "json").map((text) => parseSettings(text).release);
    expect(settings.map(({ repositories }) => repositories.length)).toEqual([2, 1, 1]);
  });

  it("says of its tags what the policy decides", () => {
    const [, settings = ""] = documentedFiles(page, "json");
    const { release } = JSON.parse(settings);
    const codeIn = (cell = "") => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);
    const rows = page.split("\n").filter((line) => line.startsWith("| `refs/"));
    for (const row of rows) {
      const [, said, published, sets] = row.split("|");
      const [ref = "", as] = codeIn(said);
      const request = makeTagRequest(ref, {
        release,
        revision: `1a2b3c4${"0".repeat(33)}`,
        ...(as === undefined ? {} : { as: as.replace("--as ", "") }),
      });
      const decisions = decideTags(request, release.repositories[0].latest, codeIn(published));
      const set = decisions.filter((decision) => decision.set).map(({ tag }) => tag);
      expect(set, row).toEqual(codeIn(sets));
    }
    expect(rows.length).toBeGreaterThan(8);
  });

  it("names the jobs, variables and secrets of the pipelines", () => {
    const names = [
      ...Object.keys(github.jobs),
      ...Object.keys(github.called.secrets ?? {}),
      ...["SKIP_PUSH", "FIRST_PUBLISH", "PLATFORMS", "TAG_NAME"],
    ];
    const byHand = readGithubWorkflow("pipeline.yml").on.workflow_dispatch as { inputs: object };
    names.push(...Object.keys(byHand.inputs));
    expect(names.length).toBeGreaterThan(14);
    expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });
});
