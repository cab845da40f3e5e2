import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningRegistry, startRegistry } from "./registry.js";
import { type RunningTokenIssuer, startTokenIssuer, type TokenIssuerOptions } from "./token-issuer.js";

const lifetimeSeconds = 1;
const options: TokenIssuerOptions = {
  users: {
    writer: { password: "s3cret:with colon", grants: { "team/app": ["pull", "push"] } },
    reader: { password: "reads", grants: { "team/app": ["pull"] } },
  },
  anonymous: { "public/app": ["pull"] },
  lifetimeSeconds,
};

let issuer: RunningTokenIssuer;
let registry: RunningRegistry;

beforeAll(async () => {
  issuer = await startTokenIssuer(options);
  registry = await startRegistry({ tokenAuth: issuer });
});

afterAll(async () => {
  await registry?.stop();
  await issuer?.stop();
});

describe("the real registry, asked with a token of the issuer", () => {
  const upload = "POST /v2/team/app/blobs/uploads/";
  const list = "GET /v2/team/app/tags/list";
  const writer = "writer:s3cret:with colon";

  it.each([
    {
      who: "writer",
      credentials: writer,
      scope: "repository:team/app:pull,push",
      request: upload,
      status: 202,
    },
    { who: "writer", credentials: writer, scope: "repository:team/app:pull", request: upload, status: 401 },
    {
      who: "writer",
      credentials: writer,
      scope: "repository:team/app:pull,push",
      request: list,
      status: 404,
    },
    {
      who: "reader",
      credentials: "reader:reads",
      scope: "repository:team/app:pull,push",
      request: upload,
      status: 401,
    },
    {
      who: "reader",
      credentials: "reader:reads",
      scope: "repository:team/app:pull,push",
      request: list,
      status: 404,
    },
    { who: "nobody", credentials: undefined, scope: "repository:team/app:pull", request: list, status: 401 },
    {
      who: "nobody",
      credentials: undefined,
      scope: "repository:public/app:pull",
      request: list,
      status: 401,
    },
    {
      who: "nobody",
      credentials: undefined,
      scope: "repository:public/app:pull",
      request: "GET /v2/public/app/tags/list",
      status: 404,
    },
  ])("answers $status to $request by $who with $scope", async ({ credentials, scope, request, status }) => {
    expect((await ask(request, await tokenFor(credentials, [scope]))).status).toBe(status);
  });

  it("names the issuer and the scope in its challenge", async () => {
    const challenge = (await ask(upload)).headers.get("www-authenticate") ?? "";
    const [, realm, service, actions = ""] =
      /^Bearer realm="(.+)",service="(.+)",scope="repository:team\/app:(.+)"$/.exec(challenge) ?? [];

    expect({ realm, service }).toEqual({ realm: issuer.realm, service: issuer.service });
    // distribution lists them in no fixed order.
    expect(actions.split(",").sort()).toEqual(["pull", "push"]);
  });

  it("refuses a token once its lifetime is over", async () => {
    const token = await tokenFor(writer, ["repository:team/app:pull"]);
    expect((await ask(list, token)).status).toBe(404);

    // The lifetime is counted from the next full second.
    await sleep((lifetimeSeconds + 1) * 1000);

    const late = await ask(list, token);
    expect(late.status).toBe(401);
    expect(late.headers.get("www-authenticate")).toContain('error="invalid_token"');
  });
});

it.each([
  { what: "a wrong password", credentials: "writer:wrong" },
  { what: "an unknown user", credentials: "stranger:s3cret" },
])("answers 401 to $what and logs it without a user", async ({ credentials }) => {
  expect((await askIssuer(credentials, ["repository:team/app:pull"])).status).toBe(401);
  expect(issuer.requests.at(-1)).toEqual({ scopes: ["repository:team/app:pull"], status: 401 });
});

async function tokenFor(credentials: string | undefined, scopes: readonly string[]): Promise<string> {
  const { token } = (await (await askIssuer(credentials, scopes)).json()) as { token: string };
  return token;
}

function askIssuer(credentials: string | undefined, scopes: readonly string[]): Promise<Response> {
  const query = new URLSearchParams({ service: issuer.service });
  for (const scope of scopes) query.append("scope", scope);
  const authorization = credentials && `Basic ${Buffer.from(credentials).toString("base64")}`;
  return fetch(`${issuer.realm}?${query}`, { headers: authorization ? { authorization } : {} });
}

function ask(request: string, token?: string): Promise<Response> {
  const [method = "GET", path = "/"] = request.split(" ");
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return fetch(`http://${registry.address}${path}`, { method, headers });
}
