import { describe, expect, it } from "vitest";
import { parseIdentityToken } from "../../../src/attest/signature/identity-token.js";
import { redact } from "../../../src/secrets.js";
import { identityToken } from "../../support/sigstore.js";
import { messageThrownBy } from "../../support/thrown.js";

const now = Date.parse("2026-11-28T12:00:00Z");
const seconds = now / 1000;
const claims = {
  iss: "https://token.actions.githubusercontent.com",
  sub: "repo:acme/app:ref:refs/tags/v1.2.3",
  aud: "sigstore",
  exp: seconds + 300,
};

describe("an identity token", () => {
  it.each([
    ["of a job", {}, claims.sub],
    ["for several", { aud: ["vault", "sigstore"] }, claims.sub],
    ["of a person", { email: "jane@example.com", email_verified: true }, "jane@example.com"],
    ["of a person, in text", { email: "jane@example.com", email_verified: "true" }, "jane@example.com"],
  ])("%s says for whom a certificate is", (_, more, subject) => {
    const read = parseIdentityToken(` ${identityToken({ ...claims, ...more })}\n`, now);
    expect(read).toMatchObject({ issuer: claims.iss, subject });
  });

  it.each([
    ["a password", "correct horse battery staple", "a text of 28 characters that is none"],
    ["two parts", "e30.e30", "a text of 7 characters that is none"],
    ["no JSON inside", "e30.aaaa.e30", "a text of 12 characters that is none"],
    ["no subject", identityToken({ ...claims, sub: undefined }), 'got "one without a usable sub"'],
    ["no end", identityToken({ ...claims, exp: "soon" }), 'got "one without a usable exp"'],
    [
      "an end that is over",
      identityToken({ ...claims, exp: seconds - 60 }),
      'expected one that has not expired, got "one that was valid until 2026-11-28T11:59:00Z, at 2026-11-28T12:00:00Z"',
    ],
    [
      "an end in this moment",
      identityToken({ ...claims, exp: seconds + 5 }),
      "one that was valid until 2026-11-28T12:00:05Z",
    ],
    [
      "a beginning later on",
      identityToken({ ...claims, nbf: seconds + 60 }),
      "one from 2026-11-28T12:01:00Z",
    ],
    [
      "another audience",
      identityToken({ ...claims, aud: "https://github.com/acme" }),
      'expected one for the audience "sigstore", got "one for "https://github.com/acme""',
    ],
    ["no audience", identityToken({ ...claims, aud: [] }), "one for nobody"],
    [
      "an address that nobody verified",
      identityToken({ ...claims, email: "jane@example.com", email_verified: false }),
      "an address that is not verified",
    ],
  ])("with %s is refused, and the message says where one comes from", async (_, token, expected) => {
    const message = await messageThrownBy(() => parseIdentityToken(token, now));
    expect(message).toContain(expected);
    expect(message).toContain("id-token: write");
    expect(message).toContain("id_tokens");
    expect(message).not.toContain(token);
  });

  it("is a secret from then on, whether it is of use or not", async () => {
    const token = identityToken({ ...claims, exp: 1 });
    await messageThrownBy(() => parseIdentityToken(token, now));
    expect(redact(`sent ${token}`)).toBe("sent REDACTED");
  });
});
