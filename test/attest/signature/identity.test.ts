import { describe, expect, it } from "vitest";
import { matches, parseIdentityPolicy } from "../../../src/attest/signature/identity.js";
import { messageThrownBy } from "../../support/thrown.js";

const workflow = "https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1.2.3";

describe("the identity that is asked for", () => {
  it.each([
    [workflow, workflow, true],
    ["https://github.com/acme/app", workflow, false],
    ["https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1.2.3", `${workflow}4`, false],
    // A dot is a dot where no expression is asked for.
    ["https://github.com/acme/app", "https://github-com/acme/app", false],
    [String.raw`/https://github\.com/acme/app/.*/`, workflow, true],
    [String.raw`/https://github\.com/acme/app/.*/`, `https://evil.example/?${workflow}`, false],
    [
      String.raw`/https://github\.com/acme/a|https://gitlab\.com/acme/b/`,
      "https://gitlab.com/acme/b/evil",
      false,
    ],
    ["/.*@refs/tags/v1/", "x@refs/tags/v1\nevil", false],
  ])("%s against %s: %s", (asked, given, expected) => {
    expect(matches(parseIdentityPolicy(asked, "https://issuer.example").identity, given)).toBe(expected);
  });

  it.each([
    [workflow, undefined, "https://token.actions.githubusercontent.com"],
    [String.raw`/https:\/\/github\.com\/acme\/.*/`, undefined, "https://token.actions.githubusercontent.com"],
    ["https://gitlab.com/acme/app//.gitlab-ci.yml@refs/heads/main", undefined, "https://gitlab.com"],
    [workflow, "https://issuer.example", "https://issuer.example"],
  ])("%s with issuer %s is vouched for by %s", (identity, issuer, expected) => {
    expect(parseIdentityPolicy(identity, issuer).issuer.text).toBe(expected);
  });

  it.each([
    ["jane@example.com", undefined, "Pass --issuer"],
    ["https://github.com.evil.example/acme", undefined, "Pass --issuer"],
    ["", "https://issuer.example", "expected a text, or a regular expression between slashes"],
    ["/(/", "https://issuer.example", "expected a text, or a regular expression between slashes"],
    [workflow, "/[/", "the issuer of the signer's identity: expected a text"],
  ])("%s with issuer %s is refused", async (identity, issuer, expected) => {
    expect(await messageThrownBy(() => parseIdentityPolicy(identity, issuer))).toContain(expected);
  });
});
