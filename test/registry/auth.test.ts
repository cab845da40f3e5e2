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
    // Gitea, whose two headers are joined, and others in the other order.
    [
      'Bearer realm="https://r.example/v2/token",service="container_registry",scope="*", Basic realm="Gitea Container Registry"',
      { scheme: "bearer", realm: "https://r.example/v2/token", service: "container_registry" },
    ],
    [
      'Basic realm="Registry, Bearer realm=\\"x\\"", Bearer realm="https://r.example/token",service="s"',
      { scheme: "bearer", realm: "https://r.example/token", service: "s" },
    ],
    ['Negotiate, Basic realm="r"', { scheme: "basic" }],
    [
      'Negotiate oYG2MIGzoAMKAQGh+/==, NTLM, bearer realm = "https://r.example/t"',
      { scheme: "bearer", realm: "https://r.example/t" },
    ],
    ['Bearer realm="no URL", Basic realm="r"', { scheme: "basic" }],
    [
      "Bearer realm=https://r.example/t,service=s",
      { scheme: "bearer", realm: "https://r.example/t", service: "s" },
    ],
    [
      'Bearer realm="https://r.example/t" service="s"',
      { scheme: "bearer", realm: "https://r.example/t", service: "s" },
    ],
    [
      'Bearer realm="https://r.example/t",service="a, b"',
      { scheme: "bearer", realm: "https://r.example/t", service: "a, b" },
    ],
    [", , Basic", { scheme: "basic" }],
    ['"Basic"', undefined],
    ["Negotiate", { scheme: "unknown", offered: ["negotiate"] }],
    ["Digest realm=x, NTLM", { scheme: "unknown", offered: ["digest", "ntlm"] }],
    ["", undefined],
    [null, undefined],
  ])("%s", (header, expected) => {
    expect(parseChallenge(header)).toEqual(expected);
  });
});

describe("Authenticator", () => {
  it("names what a registry asks for where it is nothing that Slipway speaks", async () => {
    const authenticator = new Authenticator(async () => new Response(null, { status: 503 }), new Map());
    const refusal = {
      challenge: "Negotiate, NTLM",
      origin: new URL("https://r.example"),
      offered: undefined,
    };
    expect(String(await errorThrownBy(() => authenticator.answer("r.example", [], refusal)))).toContain(
      "r.example: asks for negotiate, ntlm; Slipway signs in with a password (Basic) or a token (Bearer).",
    );
  });

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
