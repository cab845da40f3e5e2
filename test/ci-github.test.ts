// biome-ignore-all lint/suspicious/noTemplateCurlyInString: GitHub writes expressions like this.
import { execFileSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { goJobs, readGithubWorkflow } from "./support/ci-files.js";
import { root } from "./support/contract.js";
import { makeTemporaryDirectory } from "./support/temporary-directory.js";

const github = readGithubWorkflow();

describe("the GitHub workflow", () => {
  const steps = Object.values(github.jobs).flatMap((job) => job.steps);

  it("writes packages and signs in the job that publishes from main, and in no other", () => {
    expect(github.permissions).toEqual({ contents: "read", packages: "read" });
    const own = Object.entries(github.jobs).filter(([, { permissions }]) => permissions !== undefined);
    expect(own.map(([name, { permissions }]) => [name, permissions])).toEqual([
      ["publish-ci-image", { contents: "read", packages: "write", "id-token": "write" }],
    ]);
    const publishes = github.jobs["publish-ci-image"];
    expect(publishes?.if).toMatch(/^inputs\.publish_ci_image && !inputs\.commit && .*default_branch/);
    expect(publishes?.concurrency).toEqual({
      group: "${{ inputs.prefix }}publish-ci-image",
      "cancel-in-progress": false,
    });
  });

  it("checks out the commit that a release passes", () => {
    const checkouts = Object.values(github.jobs).map(({ steps: [first] }) => first?.with?.ref);
    expect(new Set(checkouts)).toEqual(new Set(["${{ inputs.commit }}"]));
  });

  it.each(["lint", "test"])("keeps the reports of %s whatever it finds, and ends as it did", (name) => {
    const [call, upload, result] = github.jobs[name]?.steps.slice(-3) ?? [];
    expect(call?.run).toMatch(new RegExp(` ${name}-report .* export --path reports$`));
    expect(upload?.with).toMatchObject({ name: `\${{ inputs.prefix }}${name}-reports`, path: "reports/" });
    expect(result?.run).toBe('cat reports/output.txt\nexit "$(cat reports/exit-code)"\n');
  });

  it("prepares a job in two ways only, and shows what it called in two", () => {
    expect(new Set(steps.flatMap(({ name }) => name ?? []))).toEqual(
      new Set([
        "Install the Dagger CLI, and name the module that it calls",
        "Make the directory that --module-cache takes where there is no cache yet",
        "Show the report, and give its variables to later jobs",
        "Show the output, and end as it did",
      ]),
    );
  });

  describe("the module that is called", () => {
    const install = steps.find(({ name }) => name?.startsWith("Install the Dagger CLI"));
    // What follows downloads the CLI.
    const [script = ""] = install?.run?.split("archive=") ?? [];
    const name = (env: Record<string, string>) => {
      const file = join(makeTemporaryDirectory().path, "env");
      execFileSync("sh", ["-ec", script], { env: { GITHUB_ENV: file, ...env }, stdio: "pipe" });
      return readFileSync(file, "utf8");
    };

    it("is that of the workflow's own commit, unless another is passed", () => {
      expect(install?.env?.OWN_COMMIT).toBe("${{ job.workflow_repository }}@${{ job.workflow_sha }}");
      const own = { MODULE: "", OWN_COMMIT: "acme/tool@1a2b3c4" };
      expect(name(own)).toBe("DAGGER_MODULE=github.com/acme/tool@1a2b3c4\n");
      expect(name({ ...own, MODULE: "." })).toBe("DAGGER_MODULE=.\n");
    });

    it("has to be passed where the server does not say which commit it is", () => {
      expect(() => name({ MODULE: "", OWN_COMMIT: "@" })).toThrow(
        /module: is not set, .* Pass the input module/,
      );
    });
  });

  it("writes the module cache in setup only", () => {
    const caching = Object.entries(github.jobs).flatMap(([name, job]) =>
      job.steps.flatMap(({ uses, with: inputs }) =>
        uses?.startsWith("actions/cache") ? [[name, uses.split("@")[0], inputs?.key, inputs?.path]] : [],
      ),
    );
    const key = `\${{ inputs.prefix }}go-modules-\${{ hashFiles('.cache-key') }}`;
    expect(caching).toEqual(
      goJobs.map((job) => [
        job,
        job === "setup" ? "actions/cache" : "actions/cache/restore",
        key,
        ".go-mod-cache",
      ]),
    );
  });

  it("calls nothing where the modules are cached under their key, and takes an older cache where they are not", () => {
    const { steps = [] } = github.jobs.setup ?? {};
    const cache = steps.find(({ id }) => id === "modules");
    expect(cache?.with?.["restore-keys"]).toBe("${{ inputs.prefix }}go-modules-");
    expect(steps.at(-1)).toMatchObject({ if: "steps.modules.outputs.cache-hit != 'true'" });
    expect(steps.at(-1)?.run).toContain("module-cache");
  });

  it("keeps artifacts for a day", () => {
    const uploads = steps.filter(({ uses }) => uses?.startsWith("actions/upload-artifact@"));
    expect(uploads.length).toBeGreaterThan(0);
    expect(uploads.filter((step) => step.with?.["retention-days"] !== 1)).toEqual([]);
  });
});

const names = globSync("*.yml", { cwd: join(root, ".github/workflows") });

it.each(names)("the workflow %s has secrets for nothing that a pull request can start", (name) => {
  const { on, jobs, calls } = readGithubWorkflow(name);
  expect(Object.keys(on)).not.toContain("pull_request_target");
  if (!("pull_request" in on)) return;
  const holding = Object.values({ ...jobs, ...calls }).filter((job) =>
    JSON.stringify(job).includes("secrets."),
  );
  expect(holding.filter((job) => !/^github\.event_name != 'pull_request' && /.test(job.if ?? ""))).toEqual(
    [],
  );
});

describe.each(names)("the workflow %s", (name) => {
  const workflow = readGithubWorkflow(name);
  const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);

  it("begins with a token that reads", () => {
    expect(Object.values(workflow.permissions).filter((right) => right !== "read")).toEqual([]);
  });

  it("says what each permission is for", () => {
    const lines = workflow.text.split("\n").filter((line) => /^ +[a-z-]+: (read|write)\b/.test(line));
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.filter((line) => !/: (read|write) # \w/.test(line))).toEqual([]);
  });

  it("takes actions by commit, with the version beside it", () => {
    const uses = workflow.text.split("\n").filter((line) => /^\s*(- )?uses: (?!\.\/\.github\/)/.test(line));
    expect(uses.filter((line) => !/uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))).toEqual([]);
  });

  it("lets no expression reach a shell", () => {
    expect(steps.filter(({ run }) => run?.includes("${{"))).toEqual([]);
  });

  it("leaves no credentials in the checkout", () => {
    const checkouts = steps.filter(({ uses }) => uses?.startsWith("actions/checkout@"));
    expect(checkouts.filter((step) => step.with?.["persist-credentials"] !== false)).toEqual([]);
  });

  it.each(Object.entries(workflow.called.inputs ?? {}))("says what the input %s is", (_, input) => {
    expect(input.description).toMatch(/^[A-Z].*\.$/);
    expect(["boolean", "string"]).toContain(input.type);
  });

  it("waits in no group that is a caller's", () => {
    const groups = workflow.text.split("\n").filter((line) => /^ +group: /.test(line));
    const callable = workflow.called.inputs !== undefined;
    expect(groups.filter((line) => callable && !/group: \$\{\{ inputs\.prefix \}\}[a-z]/.test(line))).toEqual(
      [],
    );
  });

  it("ends by itself", () => {
    const minutes = Object.values(workflow.jobs).map((job) => job["timeout-minutes"]);
    expect(minutes.filter((limit) => !(limit > 0 && limit <= 60))).toEqual([]);
  });
});
