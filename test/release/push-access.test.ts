import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Phases } from "../../src/phases.js";
import type { Credential } from "../../src/registry/credentials.js";
import type { Repository } from "../../src/registry/reference.js";
import { type PlanRequest, planRelease } from "../../src/release/plan.js";
import type { ReleasePublication } from "../../src/release/publish.js";
import { pushAccess, release } from "../../src/release/release.js";
import { reportPlan } from "../../src/release/report.js";
import { makeClient } from "../support/client.js";
import { type ProxiedRegistry, startProxiedRegistry } from "../support/proxied-registry.js";
import { type RunningRegistry, startRegistry } from "../support/registry.js";
import { makeTagRequest } from "../support/tag-request.js";
import { messageThrownBy } from "../support/thrown.js";
import { type RunningTokenIssuer, startTokenIssuer } from "../support/token-issuer.js";

const patience = { attempts: 1, baseDelay: 0, maxDelay: 0 };

function requestFor(repositories: readonly Repository[], credential?: Credential): PlanRequest {
  const credentials = new Map(
    credential === undefined ? [] : repositories.map(({ registry }) => [registry, credential]),
  );
  return {
    client: makeClient({ credentials, push: repositories, pushRetry: patience, readRetry: patience }),
    targets: repositories.map((repository) => ({ repository, latest: "main" as const })),
    tags: makeTagRequest("refs/tags/v1.2.3"),
    firstPublish: false,
  };
}

/** Releases one image. */
function releaseOne({ client, firstPublish, ...image }: Omit<ReleasePublication, "now">) {
  return release({ client, phases: new Phases(() => 0), images: [image], firstPublish, skipPush: false });
}

/** The report of a plan that asks for the right to push. */
async function planning(repositories: readonly Repository[], credential?: Credential): Promise<string> {
  const request = requestFor(repositories, credential);
  return reportPlan([await planRelease(request)], await pushAccess(request.client, [request])).markdown;
}

describe("a registry with accounts", () => {
  let issuer: RunningTokenIssuer;
  let registry: RunningRegistry;
  let repository: Repository;

  beforeAll(async () => {
    issuer = await startTokenIssuer({
      users: {
        writer: { password: "s3cret", grants: { "team/app": ["pull", "push"] } },
        reader: { password: "s3cret", grants: { "team/app": ["pull"] } },
      },
    });
    registry = await startRegistry({ tokenAuth: issuer });
    repository = { registry: registry.address, path: "team/app" };
  });
  afterAll(async () => {
    await registry?.stop();
    await issuer?.stop();
  });

  const signedIn = (username: string): Credential => ({ kind: "password", username, password: "s3cret" });

  it("lets a writer push to a repository that does not exist yet", async () => {
    const markdown = await planning([repository], signedIn("writer"));
    expect(markdown).toContain(`| ${registry.address}/team/app | 1.2.3 | create |`);
    expect(markdown).toContain(`| ${registry.address}/team/app | allowed |`);
  });

  it("says once what to pass where no credentials were given", async () => {
    const [advice, empty, ...report] = (await messageThrownBy(() => planning([repository]))).split("\n");
    expect(advice).toMatch(
      new RegExp(
        `^${registry.address}: gives no anonymous token for .*Pass --docker-config, or with-registry-auth --address ${registry.address}\\.$`,
      ),
    );
    expect(empty).toBe("");
    expect(report.join("\n")).toContain(`| ${registry.address}/team/app | refused: `);
  });

  it("fails for a reader, whose plan would else be fine", async () => {
    const message = await messageThrownBy(() => planning([repository], signedIn("reader")));
    expect(message).toMatch(/^\S+: POST blobs\/uploads: the registry answered 401/);
    expect(message).toContain(`Check that the credentials given for ${registry.address} may do this`);
    expect(message).toContain(`| ${registry.address}/team/app | 1.2.3 | create |`);
  });

  it("is asked before a build that takes minutes", async () => {
    const releasing = (username: string) =>
      releaseOne({
        ...requestFor([repository], signedIn(username)),
        origin: "engine",
        image: { "linux/amd64": "inputs:0123" },
        remarks: [],
        pack: async () => {
          throw new Error("The build began.");
        },
      });
    await expect(releasing("reader")).rejects.toThrow(/^\S+: POST blobs\/uploads: the registry answered 401/);
    await expect(releasing("writer")).rejects.toThrow("The build began.");
  });
});

describe("a registry without accounts", () => {
  let at: ProxiedRegistry;

  beforeAll(async () => {
    at = await startProxiedRegistry();
  });
  beforeEach(() => at.proxy.clear());
  afterAll(() => at?.stop());

  const answering = (status: number, methods: RegExp) =>
    at.proxy.setFault(({ method }) => (methods.test(method) ? { kind: "answer", status } : undefined));

  it("needs no credentials", async () => {
    expect(await planning([at.repository()])).toMatch(/\| allowed \|/);
  });

  it("is not known where it does not answer, which is no refusal", async () => {
    answering(503, /POST/);
    expect(await planning([at.repository()])).toMatch(/\| not known: .*the registry answered 503\. \|/);
  });

  it("fails where one of two refuses, and says what the other allows", async () => {
    const [open, closed] = [at.repository(), at.repository()];
    at.proxy.setFault(({ method, path }) =>
      method === "POST" && path.includes(closed.path) ? { kind: "answer", status: 403 } : undefined,
    );
    const message = await messageThrownBy(() => planning([open, closed]));
    expect(message).toMatch(new RegExp(`^${closed.registry}/${closed.path}: POST .* answered 403`));
    expect(message).toContain(`| ${open.registry}/${open.path} | allowed |`);
  });

  it.each([401, 403])(
    "may answer a %i for a repository that is new: the way out is named",
    async (status) => {
      answering(status, /GET|HEAD/);
      const message = await messageThrownBy(() => planning([at.repository()]));
      expect(message).toContain(
        "A repository that was never pushed to may answer so: then pass --first-publish.",
      );
      expect(message).toMatch(/\| allowed \|/);
    },
  );
});
