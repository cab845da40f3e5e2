import { afterAll, beforeAll, expect, it } from "vitest";
import { callRelease } from "../support/call-release.js";
import { makeClient } from "../support/client.js";
import { describeRequests, type ProxiedRegistry, startProxiedRegistry } from "../support/proxied-registry.js";
import { makeReleasedImage, type ReleasedImage } from "../support/released-image.js";

let at: ProxiedRegistry;
let image: ReleasedImage;

beforeAll(async () => {
  [at, image] = await Promise.all([startProxiedRegistry(), makeReleasedImage("program")]);
});
afterAll(() => at?.stop());

it("asks a repeated release for each thing once: what the tags hold, and whether all of it is there", async () => {
  const { registry, path } = at.repository();
  const settings = {
    repositories: [{ repository: `${registry}/${path}`, latest: "highest" }],
    tags: ["{version}", "{major}.{minor}", "{major}"],
  };
  const client = () => makeClient({ push: [{ registry, path }] });
  const call = () => callRelease({ client: client(), settings, ref: "refs/tags/v1.2.3", built: [image] });
  await call();
  at.proxy.clear();
  await call();
  const tags = ["GET list", "HEAD 1.2.3", "HEAD 1.2", "HEAD 1", "HEAD latest"];
  const parts = ["GET index", "GET platform", "GET platform", "GET config", "GET config"];
  expect(describeRequests(at.proxy.requests, image.packed).toSorted()).toEqual(
    [...tags, ...parts, "HEAD layer", "HEAD layer"].toSorted(),
  );
});
