import { describe, expect, it } from "vitest";
import { chooseSigning, type SigningChoice } from "../../../src/attest/signature/choice.js";

const github = "https://token.actions.githubusercontent.com";
const publicly = { isCertifiedPublicly: true, isLoggedPublicly: true };
const privately = { isCertifiedPublicly: false, isLoggedPublicly: false };
const auto = { setting: "auto", hasKey: false } as const;

describe("what signs", () => {
  it.each<[string, SigningChoice, "key" | "identity" | RegExp]>([
    ["nothing given", auto, /^neither with-signing-key nor with-identity-token was given$/],
    ["a key", { ...auto, hasKey: true }, "key"],
    ["a key beside a token", { ...auto, hasKey: true, token: { issuer: github, ...publicly } }, "key"],
    [
      "a public repository",
      { ...auto, token: { issuer: github, visibility: "public", ...publicly } },
      "identity",
    ],
    [
      "one of gitlab.com",
      { ...auto, token: { issuer: "https://gitlab.com", visibility: "public", ...publicly } },
      "identity",
    ],
    [
      "a private repository",
      { ...auto, token: { issuer: github, visibility: "private", ...publicly } },
      /^the repository is private, and the public log would name it/,
    ],
    [
      "an internal one",
      { ...auto, token: { issuer: github, visibility: "internal", ...publicly } },
      /is internal/,
    ],
    [
      "one of which nothing is said",
      { ...auto, token: { issuer: github, ...publicly } },
      /is perhaps not public/,
    ],
    [
      "a private one with services of its own",
      { ...auto, token: { issuer: github, visibility: "private", ...privately } },
      "identity",
    ],
    [
      "a private one with the public log",
      {
        ...auto,
        token: { issuer: github, visibility: "private", isCertifiedPublicly: false, isLoggedPublicly: true },
      },
      /would name it/,
    ],
    [
      "an issuer that the public Sigstore does not know",
      { ...auto, token: { issuer: "https://gitlab.acme.example", visibility: "public", ...publicly } },
      /^the public Sigstore does not know https:\/\/gitlab\.acme\.example; name one of your own as attest\.fulcio, or give a key$/,
    ],
    [
      "one with services of its own",
      { ...auto, token: { issuer: "https://gitlab.acme.example", ...privately } },
      "identity",
    ],
    [
      "always, for a private one",
      { ...auto, setting: "always", token: { issuer: github, visibility: "private", ...publicly } },
      "identity",
    ],
    ["never, with a key", { ...auto, setting: "never", hasKey: true }, /^attest\.signature is never$/],
  ])("with %s", (_, choice, expected) => {
    const chosen = chooseSigning(choice);
    if (expected instanceof RegExp) expect("unsigned" in chosen ? chosen.unsigned : chosen).toMatch(expected);
    else expect(chosen).toEqual({ by: expected });
  });
});
