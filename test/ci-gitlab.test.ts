import { describe, expect, it } from "vitest";
import { coverageLine } from "../src/go/coverage.js";
import { byDigest, goJobs, optIn, readGitlabPipeline } from "./support/ci-files.js";

const gitlab = readGitlabPipeline();

describe("the GitLab pipeline", () => {
  const { image, services } = gitlab.default;

  it("takes its images by digest, client and daemon of one version", () => {
    const [service] = services.map(({ name }) => name);
    expect(image).toMatch(byDigest);
    expect(service).toMatch(byDigest);
    const version = /^docker:([\d.]+)-/;
    expect(version.exec(image)?.[1]).toBe(version.exec(service ?? "")?.[1]);
  });

  it("speaks TLS with the Docker service", () => {
    expect(gitlab.variables).toMatchObject({
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
    const cached = Object.entries(gitlab.jobs).filter(([, { cache }]) => cache !== undefined);
    expect(cached.map(([name]) => name).sort()).toEqual(goJobs.toSorted());
  });

  it("writes the cache, and publishes, in one job at a time", () => {
    const groups = Object.entries(gitlab.jobs).flatMap(([name, { resource_group: group }]) =>
      group === undefined ? [] : [[name, group]],
    );
    expect(groups).toEqual([
      ["publish-ci-image", "publish_ci_image"],
      ["setup", "cache_updates"],
    ]);
  });

  it("publishes on the default branch only, where it is wanted", () => {
    expect(gitlab.jobs["publish-ci-image"]?.rules).toEqual([
      { if: `$${optIn} == "true" && $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH` },
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

  it("keeps artifacts for 24 hours", () => {
    const artifacts = Object.values(gitlab.jobs).flatMap((job) => job.artifacts ?? []);
    expect(artifacts.length).toBeGreaterThan(0);
    expect(artifacts.filter(({ expire_in }) => expire_in !== "24 hours")).toEqual([]);
  });
});
