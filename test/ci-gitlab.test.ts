import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { coverageLine } from "../src/go/coverage.js";
import { byDigest, goJobs, readGitlabPipeline } from "./support/ci-files.js";

const gitlab = readGitlabPipeline();

describe("the GitLab pipeline", () => {
  it("takes its images by digest, client and daemon of one version", () => {
    const images = Object.values(gitlab.jobs).flatMap(({ image, services }) => [
      image,
      ...services.map(({ name }) => name),
    ]);
    expect(images).toHaveLength(2 * Object.keys(gitlab.jobs).length);
    expect(images.filter((image) => !byDigest.test(image))).toEqual([]);
    expect(new Set(images.map((image) => /^docker:([\d.]+)-/.exec(image)?.[1])).size).toBe(1);
  });

  it("speaks TLS with the Docker service", () => {
    expect(gitlab.jobs.lint?.variables).toMatchObject({
      DOCKER_HOST: "tcp://docker:2376",
      DOCKER_TLS_VERIFY: "1",
      DOCKER_TLS_CERTDIR: "/certs",
      DOCKER_CERT_PATH: "/certs/client",
    });
  });

  it.each(goJobs)("keys the cache of %s by .cache-key alone", (job) => {
    expect(gitlab.jobs[job]?.cache).toEqual({
      key: { files: [".cache-key"] },
      paths: [".go-mod-cache/"],
      policy: job === "setup" ? "pull-push" : "pull",
    });
  });

  it("gives no other job a cache", () => {
    const cached = Object.entries(gitlab.jobs).filter(([, { cache }]) =>
      cache?.paths.includes(".go-mod-cache/"),
    );
    expect(cached.map(([name]) => name).sort()).toEqual(goJobs.toSorted());
  });

  it("writes the cache, and publishes, in one job at a time", () => {
    const groups = Object.entries(gitlab.jobs).flatMap(([name, { resource_group: group }]) =>
      group === undefined ? [] : [[name, group]],
    );
    expect(groups).toEqual([
      ["publish-ci-image", "publish_ci_image"],
      ["setup", "cache_updates"],
      ["release", "release_publish"],
      ["join", "release_publish"],
    ]);
  });

  it("shows reports in merge requests whatever they say, and the coverage that the output ends with", () => {
    const { lint, test } = gitlab.jobs;
    expect(lint?.artifacts).toMatchObject({
      when: "always",
      reports: { codequality: "reports/code-quality.json" },
    });
    expect(test?.artifacts).toMatchObject({
      when: "always",
      reports: {
        junit: "reports/junit.xml",
        coverage_report: { coverage_format: "cobertura", path: "reports/coverage.xml" },
      },
    });
    const pattern = new RegExp(test?.coverage?.slice(1, -1) ?? "nothing");
    expect(coverageLine({ blocks: [], statements: 6, covered: 5 })).toMatch(pattern);
    for (const job of [lint, test])
      expect(job?.script.slice(-2)).toEqual(["cat reports/output.txt", 'exit "$(cat reports/exit-code)"']);
  });

  it.each([
    ["", "dagger call --source . lint-report"],
    [
      "r.example",
      "dagger call --source . with-registry-auth --address r.example --username a b --secret env://CI_REGISTRY_PASSWORD lint-report",
    ],
  ])("signs in where the project has a registry: %j", (registry, called) => {
    const [command = ""] = gitlab.jobs.lint?.script ?? [];
    // Each argument in a line of its own shows what the shell takes for one.
    const shell = `dagger() { printf '%s\\n' dagger "$@"; }; ${command}`;
    const env = { GO_PROJECT: ".", CI_IMAGE: "i", CI_REGISTRY: registry, CI_REGISTRY_USER: "a b" };
    const words = execFileSync("sh", ["-c", shell], { encoding: "utf8", env }).split("\n");
    expect(words.slice(0, words.indexOf("--ci-image")).join(" ")).toBe(called);
    expect(words.includes("a b")).toBe(registry !== "");
  });

  it("keeps artifacts for 24 hours", () => {
    const artifacts = Object.values(gitlab.jobs).flatMap((job) => job.artifacts ?? []);
    expect(artifacts.length).toBeGreaterThan(0);
    expect(artifacts.filter(({ expire_in }) => expire_in !== "24 hours")).toEqual([]);
  });
});
