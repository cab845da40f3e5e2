import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Credential, credentialFor, parseDockerConfig } from "../../src/registry/credentials.js";
import { makeClient } from "../support/client.js";
import { describeBytes } from "../support/image.js";
import { type ProxiedRegistry, startProxiedRegistry } from "../support/proxied-registry.js";

const as = (username: string): Credential => ({ kind: "password", username, password: "s3cret" });
const entry = (username: string) => ({ auth: Buffer.from(`${username}:s3cret`).toString("base64") });

describe("the credentials of a repository", () => {
  const credentials = parseDockerConfig(
    JSON.stringify({
      auths: {
        "quay.io": entry("host"),
        "quay.io/team-a": entry("a"),
        "quay.io/team-a/app/": entry("app"),
        "quay.io/Team-B": entry("b"),
        "https://r.example/v2/team": entry("url"),
        "r2.example/v1/": entry("version"),
        "r3.example/v2/team": entry("team"),
        "docker.io/acme": entry("acme"),
      },
      credsStore: "desktop",
    }),
  );
  const helper: Credential = { kind: "helper", setting: 'credsStore "desktop"' };

  it.each<[string, string, Credential]>([
    ["quay.io", "other/app", as("host")],
    ["quay.io", "team-a/other", as("a")],
    ["quay.io", "team-a/app", as("app")],
    ["quay.io", "team-a/app/part", as("app")],
    // Whole segments only.
    ["quay.io", "team-abc/app", as("host")],
    ["r.example", "any/path", as("url")],
    ["r2.example", "any/path", as("version")],
    ["r3.example", "v2/team/app", as("team")],
    ["r3.example", "other/app", helper],
    ["docker.io", "acme/app", as("acme")],
    ["docker.io", "library/golang", helper],
    ["ghcr.io", "acme/app", helper],
  ])("%s/%s", (registry, path, expected) => {
    expect(credentialFor(credentials, { registry, path })).toEqual(expected);
  });
});

describe("at one registry with credentials by path", () => {
  let at: ProxiedRegistry;
  beforeAll(async () => {
    at = await startProxiedRegistry();
  });
  afterAll(() => at?.stop());
  beforeEach(() => at.proxy.clear());

  const clientOf = (...paths: readonly string[]) => {
    const { registry } = at.repository();
    return makeClient({ credentials: new Map(paths.map((path) => [`${registry}/${path}`, as(path)])) });
  };

  it("each repository is asked for with its own, by tokens as well", async () => {
    const users: (string | undefined)[] = [];
    at.proxy.setFault(({ path, headers }) => {
      const [, user] = Buffer.from(headers.authorization?.replace("Basic ", "") ?? "", "base64")
        .toString()
        .match(/^(.*):s3cret$/) ?? [undefined, undefined];
      if (path.startsWith("/token")) {
        users.push(user);
        return { kind: "answer", status: 200, body: JSON.stringify({ token: `of-${user}` }) };
      }
      const owner = path.split("/")[2];
      if (headers.authorization === `Bearer of-${owner}`) return { kind: "answer", status: 404 };
      const realm = `http://${at.proxy.address}/token`;
      return { kind: "answer", status: 401, headers: { "www-authenticate": `Bearer realm="${realm}"` } };
    });
    const client = clientOf("team-a", "team-b");
    for (const path of ["team-a/app", "team-b/app", "team-a/app"])
      expect(await client.headManifest(at.repository(path), "1")).toBeUndefined();
    expect(users).toEqual(["team-a", "team-b"]);
  });

  it("who answers for one path names no token service for another", async () => {
    const users: string[] = [];
    at.proxy.setFault(({ path, headers }) => {
      if (/^\/(evil|token)/.test(path)) {
        const user = Buffer.from(headers.authorization?.slice(6) ?? "", "base64").toString();
        users.push(`${path.slice(0, 5)} ${user}`);
        return { kind: "answer", status: 200, body: '{"token":"t"}' };
      }
      if (headers.authorization !== undefined) return { kind: "answer", status: 404 };
      const realm = `http://${at.proxy.address}/${path.includes("team-a") ? "evil" : "token"}`;
      return { kind: "answer", status: 401, headers: { "www-authenticate": `Bearer realm="${realm}"` } };
    });
    const client = clientOf("team-a", "team-b");
    for (const path of ["team-a/app", "team-b/app"])
      expect(await client.headManifest(at.repository(path), "1")).toBeUndefined();
    expect(users).toEqual(["/evil team-a:s3cret", "/toke team-b:s3cret"]);
  });

  it("nothing is mounted from a repository that is somebody else's", async () => {
    const content = Buffer.from("a layer");
    const put = async (client: ReturnType<typeof makeClient>) => {
      const [from, to] = [at.repository("team-a/app"), at.repository("team-b/app")];
      await makeClient().putBlob(at.direct(from), describeBytes(content), async () => content);
      return client.putBlob(to, describeBytes(content), async () => content, from.path);
    };
    expect(await put(clientOf("team-a", "team-b"))).toBe("sent");
    expect(at.proxy.requests.filter(({ path }) => path.includes("mount="))).toEqual([]);
  });
});
