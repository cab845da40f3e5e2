import { Response } from "undici";
import { describe, expect, it } from "vitest";
import { resolveMise } from "../src/ci-image/mise.js";
import { reportMise } from "../src/ci-image/report.js";
import { DockerHub } from "../src/cleanup/docker-hub.js";
import { GitHubPackages } from "../src/cleanup/github-packages.js";
import { messageOf } from "../src/errors.js";
import type { ServiceSettings } from "../src/registry/service-api.js";
import type { Fetch } from "../src/registry/transport.js";
import { ReportFormat, render } from "../src/report.js";
import { keepPassword, redact, reveal } from "../src/secrets.js";
import { noWait } from "./support/client.js";
import { piecesOf } from "./support/encodings.js";
import { commandsIn, unseenIn } from "./support/pipeline-log.js";
import { errorThrownBy } from "./support/thrown.js";

const username = "acme";
const password = 'dckr_pat_"Kd8xQv27"_Lm40p';
const issued = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhY21lIn0.c2lnbmF0dXJl";
const githubToken = "ghp_Zr7Kd8xQv27Lm40pTf6bN";
const secrets = [password, issued, githubToken];
const hostile = "a\n::set-output name=b::c ##[d]e\u001b[31m\u202e";

/** Text as a service sends it back to whoever asked: what was sent, and more, and once so long that it is cut. */
const texts: Readonly<Record<string, (authorization: string) => string>> = {
  "what authorized it": (authorization) => `was sent ${authorization}`,
  "the password": () => `for ${password}`,
  "a secret in a text that is cut": () => `${"x ".repeat(140)}${password}${githubToken}`,
  "a secret in a word that is cut": () => `v${githubToken}${githubToken}`,
  "what a log obeys": () => hostile,
};

const repository = { registry: "ghcr.io", path: "acme/app" };

function settings(fetch: Fetch): ServiceSettings {
  keepPassword(username, password);
  const retry = { attempts: 2, baseDelay: 1, maxDelay: 10 };
  const credential = { kind: "password" as const, username, password };
  const delivery = { fetch, pushRetry: retry, readRetry: retry, sleep: noWait };
  return { ...delivery, api: "https://api.test", credential, access: "Check it." };
}

const authorizationOf = (init: Parameters<Fetch>[1]) =>
  new Headers((init?.headers ?? {}) as Record<string, string>).get("authorization") ?? "nothing";

function expectNothingOf(shown: string): void {
  expect(secrets.flatMap((secret) => piecesOf(secret, shown))).toEqual([]);
  expect([...commandsIn(shown), ...unseenIn(shown)]).toEqual([]);
}

describe.each(Object.entries(texts))("a service that says %s", (_, said) => {
  it("is quoted without it where it is Docker Hub", async () => {
    const hub = new DockerHub(
      settings(async (url, init) =>
        url.endsWith("/auth/token")
          ? Response.json({ access_token: issued })
          : Response.json({ detail: said(authorizationOf(init)) }, { status: 403 }),
      ),
      repository,
    );
    const message = messageOf(await errorThrownBy(() => hub.deleteTag("1.2.3-rc.1")));
    expect(message).toContain("DELETE tag 1.2.3-rc.1: answered 403 (");
    expectNothingOf(redact(message));
  });

  it("is quoted without it where it is GitHub", async () => {
    const packages = new GitHubPackages(
      settings(async (_url, init) =>
        Response.json({ message: said(authorizationOf(init)) }, { status: 403 }),
      ),
      repository,
    );
    const message = messageOf(await errorThrownBy(() => packages.listVersions()));
    expect(message).toContain("answered 403 (");
    expectNothingOf(redact(message));
  });

  it("is quoted without it where it knows versions of mise, in every form of the report", async () => {
    const mise = await resolveMise({
      wanted: "latest",
      pin: "2025.12.13",
      fetch: async (url, init) => {
        const text = said(authorizationOf(init));
        return url.endsWith("/VERSION") ? new Response(text) : Response.json({ tag_name: text });
      },
      token: () => reveal({ plaintext: async () => `${githubToken}\n` }),
      publishedLabel: async () => ({ version: said("nothing") }),
      now: () => 0,
      sleep: noWait,
    });
    expect(mise.notes).toHaveLength(3);
    for (const format of Object.values(ReportFormat)) expectNothingOf(render(reportMise(mise), format));
  });
});
