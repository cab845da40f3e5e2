import type { Secret } from "@dagger.io/dagger";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parseSettings } from "../src/config.js";
import type { Project } from "../src/project.js";
import { openSigning } from "../src/signing.js";
import { directFetch } from "./support/client.js";
import { makeSigningKey } from "./support/signing-key.js";
import { identityToken, type Sigstore, sigstorePaths, startSigstore } from "./support/sigstore.js";
import { messageThrownBy } from "./support/thrown.js";

const claims = {
  iss: "https://token.actions.githubusercontent.com",
  sub: "repo:acme/app:ref:refs/tags/v1.2.3",
  aud: "sigstore",
  exp: 4_000_000_000,
  repository_visibility: "public",
  job_workflow_ref: "acme/slipway/.github/workflows/release.yml@refs/tags/v0.1.0",
  repository: "acme/app",
  sha: "1a2b3c4",
  ref: "refs/tags/v1.2.3",
  run_id: "42",
  event_name: "push",
};
const { pem } = makeSigningKey();

let sigstore: Sigstore;
beforeAll(async () => {
  sigstore = await startSigstore();
});
afterAll(() => sigstore.stop());
beforeEach(() => {
  sigstore.requests.length = 0;
  sigstore.instead.clear();
});

const secret = (text: string) => ({ plaintext: async () => text }) as Secret;

interface Given {
  key?: string;
  password?: string;
  token?: string;
  tokenUrl?: string;
}

function open(attest: object, { key, password, token, tokenUrl }: Given) {
  const signing = {
    key: key === undefined ? undefined : secret(key),
    password: password === undefined ? undefined : secret(password),
    token: token === undefined ? undefined : secret(token),
    tokenUrl,
  };
  const settings = parseSettings(JSON.stringify({ attest }));
  return openSigning({ settings, signing, fetch: directFetch } as unknown as Project);
}

const own = () => ({ fulcio: sigstore.url, rekor: sigstore.url });
const token = identityToken(claims);

describe("what a call signs with", () => {
  it("is nothing where nothing is given, and says why", async () => {
    expect(await open({}, {})).toEqual({
      unsigned: "neither with-signing-key nor with-identity-token was given",
    });
  });

  it("is a key that asks nobody", async () => {
    const { signer } = await open({}, { key: pem });
    expect((await signer?.())?.identity.kind).toBe("key");
    expect(sigstore.requests).toEqual([]);
  });

  it("is a token whose certificate is asked for with the first signature, once", async () => {
    const { run, signer } = await open(own(), { token });
    expect(run).toMatchObject({
      builderId: "https://github.com/acme/slipway/.github/workflows/release.yml@refs/tags/v0.1.0",
      sourceRepository: "https://github.com/acme/app",
    });
    expect(sigstore.requests).toEqual([]);
    expect(await signer?.()).toBe(await signer?.());
    expect(sigstore.requests).toEqual([`POST ${sigstorePaths.fulcio}`]);
  });

  it("leaves the run of the platform known where nothing is signed", async () => {
    const signing = await open({ signature: "never" }, { token });
    expect(signing).toMatchObject({ unsigned: "attest.signature is never" });
    expect(signing.run?.commit).toBe("1a2b3c4");
  });

  it.each<[string, object, Given, RegExp]>([
    [
      "always, with nothing",
      { signature: "always" },
      {},
      /^attest\.signature is always: expected a key or an identity token/,
    ],
    [
      "a token that has expired",
      {},
      { token: identityToken({ ...claims, exp: 1 }) },
      /one that has not expired/,
    ],
    [
      "a token for somebody else",
      {},
      { token: identityToken({ ...claims, aud: "vault" }) },
      /one for the audience "sigstore"/,
    ],
    ["a key that is none", {}, { key: "no key at all" }, /key/],
    [
      "an address that is none",
      {},
      { token: "request-token-of-github", tokenUrl: "runner" },
      /with-identity-token --request-url: expected the URL/,
    ],
  ])("is refused before anything is built: %s", async (_, attest, given, said) => {
    expect(await messageThrownBy(() => open(attest, given))).toMatch(said);
    expect(sigstore.requests).toEqual([]);
  });
});

describe("the token that GitHub gives", () => {
  const asked = "/token?api-version=2.0&audience=sigstore";
  const url = () => `${sigstore.url}/token?api-version=2.0`;
  const given = () => ({ token: "request-token-of-github", tokenUrl: url() });
  const answer = (body: string, status = 200) =>
    sigstore.instead.set(asked, [
      { status, body },
      { status, body },
    ]);

  it("is asked for before anything is built, and anew for the certificate", async () => {
    answer(JSON.stringify({ value: token }));
    const { run, signer } = await open(own(), given());
    expect(run?.platform).toBe("github");
    await signer?.();
    expect(sigstore.requests).toEqual([`GET ${asked}`, `GET ${asked}`, `POST ${sigstorePaths.fulcio}`]);
  });

  it.each([
    ["{}", 200, "the token service of GitHub Actions: the answer holds no token."],
    ['{"message":"request-token-of-github is not allowed"}', 403, "answered 403 (REDACTED is not allowed)"],
  ])("that is %s is one error without the secret", async (body, status, said) => {
    answer(body, status);
    const message = await messageThrownBy(() => open(own(), given()));
    expect(message).toContain(said);
    expect(message).not.toContain("request-token-of-github");
  });
});
