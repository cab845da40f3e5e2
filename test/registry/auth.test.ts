import { Response } from "undici";
import { describe, expect, it } from "vitest";
import { Authenticator } from "../../src/registry/auth.js";
import { parseChallenge } from "../../src/registry/challenge.js";
import { errorThrownBy } from "../support/thrown.js";

describe("parseChallenge", () => {
  it.each([
    [
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull"',
      { scheme: "bearer", realm: "https://auth.docker.io/token", service: "registry.docker.io" },
    ],
    ['bearer REALM="https://r.example/token"', { scheme: "bearer", realm: "https://r.example/token" }],
    ['Basic realm="r.example"', { scheme: "basic" }],
    ["basic", { scheme: "basic" }],
    ['Bearer service="no realm"', undefined],
    ['Bearer realm="no URL"', undefined],
    ['Bearer realm="data:application/json,{}"', undefined],
    ['Bearer realm="https://me:s3cret@r.example/token"', undefined],
    ["Negotiate", undefined],
    ["", undefined],
    [null, undefined],
  ])("%s", (header, expected) => {
    expect(parseChallenge(header)).toEqual(expected);
  });
});

describe("Authenticator", () => {
  it("shares a failure to get a token, as an error of its own for each request", async () => {
    let asked = 0;
    const authenticator = new Authenticator(async () => {
      asked += 1;
      return new Response(null, { status: 503 });
    }, new Map());
    const scopes = [{ path: "a", actions: ["pull"] as const }];
    const answer = () =>
      errorThrownBy(() =>
        authenticator.answer("r.example", scopes, {
          challenge: 'Bearer realm="https://r.example/t"',
          origin: new URL("https://r.example"),
          offered: undefined,
        }),
      );

    const [one, other] = await Promise.all([answer(), answer()]);

    expect(asked).toBe(1);
    expect(one).toMatchObject({ failure: "unavailable", transient: true, status: 503 });
    expect(other).toMatchObject({ message: "r.example: its token service answered 503.", transient: true });
    expect(other).not.toBe(one);
  });
});
