import { describe, expect, it } from "vitest";
import { parseDockerConfig } from "../../src/registry/credentials.js";
import { messageThrownBy } from "../support/thrown.js";

const auth = (text: string) => Buffer.from(text).toString("base64");
const parse = (config: unknown) => Object.fromEntries(parseDockerConfig(JSON.stringify(config)));

describe("parseDockerConfig", () => {
  const password = { kind: "password", username: "me", password: "s3cret:with colon" };
  const entry = { auth: auth("me:s3cret:with colon") };
  const helper = (setting: string) => ({ kind: "helper", setting });
  it.each<[string, object, object]>([
    ["nothing", {}, {}],
    ["base64 of user and password", { auths: { "ghcr.io": entry } }, { "ghcr.io": password }],
    [
      "user and password in clear",
      { auths: { "ghcr.io": { username: "me", password: "s3cret:with colon" } } },
      { "ghcr.io": password },
    ],
    ["a port", { auths: { "127.0.0.1:5000": entry } }, { "127.0.0.1:5000": password }],
    ["a key with scheme and path", { auths: { "https://r.example/v2/": entry } }, { "r.example": password }],
    ["Docker Hub's key", { auths: { "https://index.docker.io/v1/": entry } }, { "docker.io": password }],
    [
      "an identity token",
      { auths: { "r.example": { auth: auth("<token>:"), identitytoken: "t0ken" } } },
      { "r.example": { kind: "identity-token", token: "t0ken" } },
    ],
    ["an entry without credentials", { auths: { "ghcr.io": {} } }, {}],
    [
      "a credsStore, with the empty entries that docker login leaves",
      { auths: { "ghcr.io": {} }, credsStore: "desktop" },
      { "ghcr.io": helper('credsStore "desktop"'), "*": helper('credsStore "desktop"') },
    ],
    [
      "a credsStore beside credentials that can be used",
      { auths: { "ghcr.io": entry }, credsStore: "desktop" },
      { "ghcr.io": password, "*": helper('credsStore "desktop"') },
    ],
    [
      "credHelpers",
      { auths: { "ghcr.io": {} }, credHelpers: { "ghcr.io": "gh", "1.dkr.ecr.aws": "ecr-login" } },
      { "ghcr.io": helper('credHelpers "gh"'), "1.dkr.ecr.aws": helper('credHelpers "ecr-login"') },
    ],
    [
      "a credHelper beside credentials that can be used",
      { auths: { "ghcr.io": entry }, credHelpers: { "ghcr.io": "gh" } },
      { "ghcr.io": password },
    ],
    [
      "a credHelper, which wins over the credsStore",
      { auths: { "ghcr.io": {} }, credHelpers: { "ghcr.io": "gh" }, credsStore: "desktop" },
      { "ghcr.io": helper('credHelpers "gh"'), "*": helper('credsStore "desktop"') },
    ],
    [
      "what docker login by browser leaves for Docker Hub, in any order",
      {
        auths: {
          "https://index.docker.io/v1/": entry,
          "https://index.docker.io/v1/access-token": { auth: auth("me:access") },
          "https://index.docker.io/v1/refresh-token": { auth: auth("me:refresh") },
        },
      },
      { "docker.io": password },
    ],
    ["a host in another case", { auths: { "GHCR.io": entry } }, { "ghcr.io": password }],
    [
      "null for what is not there",
      {
        auths: { "ghcr.io": null, "r.example": { ...entry, username: null, identitytoken: null } },
        credHelpers: { "a.example": null },
        credsStore: null,
      },
      { "r.example": password },
    ],
    ["null for all", { auths: null, credHelpers: null }, {}],
    ["settings of other programs", { currentContext: "x", HttpHeaders: { "User-Agent": "y" } }, {}],
  ])("reads %s", (_, config, credentials) => {
    expect(parse(config)).toEqual(credentials);
  });

  it.each<[string, string, string]>([
    [
      "what is not JSON",
      "s3cret",
      `docker config: expected the JSON of Docker's config.json, got "text that is not JSON". Pass it as --docker-config file://$HOME/.docker/config.json.`,
    ],
    ["an array", "[]", 'docker config: expected the JSON type object, got "another type".'],
    [
      "an auth of another type",
      '{"auths":{"ghcr.io":{"auth":{"s3cret":1}}}}',
      'docker config: auths: ghcr.io: auth: expected the JSON type string, got "another type".',
    ],
    [
      "an auth without a user",
      `{"auths":{"ghcr.io":{"auth":"${auth(":s3cret")}"}}}`,
      'docker config: auths["ghcr.io"].auth: expected base64 of user:password, got "a value without a user name". Run docker login again.',
    ],
    [
      "an auth that is not base64 of anything",
      '{"auths":{"ghcr.io":{"auth":"s3cret"}}}',
      'docker config: auths["ghcr.io"].auth: expected base64 of user:password, got "a value without a user name". Run docker login again.',
    ],
  ])("refuses %s and shows nothing of it", async (_, text, message) => {
    expect(await messageThrownBy(() => parseDockerConfig(text))).toBe(message);
    expect(message).not.toContain("s3cret");
  });
});
