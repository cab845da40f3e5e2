import { describe, expect, it } from "vitest";
import { keepPassword, keepSecret, keepToken, redact, redactAll, reveal } from "../src/secrets.js";
import { encodings, piecesOf } from "./support/encodings.js";

/** Characters that each of the encodings writes in a way of its own. */
const awkward = `Kd8x"Q\\n<v>&'%41+/=ß→🗝 Zr7`;

describe("redact", () => {
  it("leaves a text alone in which there is no secret", () => {
    const text = 'a \\"quoted\\" %20 &amp; \\u0041';
    expect(redact(text)).toBe(text);
    keepSecret(awkward);
    expect(redact(text)).toBe(text);
    expect(redact("")).toBe("");
  });

  it.each(Object.entries(encodings))("replaces a secret that is written %s", (_, encode) => {
    keepSecret(awkward);
    const redacted = redact(`denied: ${encode(awkward)} (403)`);
    expect(redacted).toMatch(/^denied: \S{0,24}REDACTED\S{0,4} \(403\)$/);
    expect(piecesOf(awkward, redacted)).toEqual([]);
  });

  it("replaces a secret of which every character is written in another way", () => {
    keepSecret("s3cr\"t&p'ss");
    expect(redact("<s%33cr\\u0022t&amp;p&#39;s\\x73>")).toBe("<REDACTED>");
    keepSecret("S3cret/Pass+word=42");
    expect(redact("<S3cret&sol;Pass&plus;word&equals;42>")).toBe("<REDACTED>");
    expect(redact("<S3cret&#47Pass&#x0000002f;>, <S3cret&#47Pass&#43word&#x3d;42>")).toMatch(/, <REDACTED>$/);
  });

  it.each([
    ["!", "&excl;"],
    ['"', "&quot; &QUOT; &quot &QUOT"],
    ["#", "&num;"],
    ["$", "&dollar;"],
    ["%", "&percnt;"],
    ["&", "&amp; &AMP; &amp &AMP"],
    ["'", "&apos;"],
    ["(", "&lpar;"],
    [")", "&rpar;"],
    ["*", "&ast; &midast;"],
    ["+", "&plus;"],
    [",", "&comma;"],
    [".", "&period;"],
    ["/", "&sol;"],
    [":", "&colon;"],
    [";", "&semi;"],
    ["<", "&lt; &LT; &lt &LT"],
    ["=", "&equals;"],
    [">", "&gt; &GT; &gt &GT"],
    ["?", "&quest;"],
    ["@", "&commat;"],
    ["[", "&lbrack; &lsqb;"],
    ["\\", "&bsol;"],
    ["]", "&rbrack; &rsqb;"],
    ["^", "&Hat;"],
    ["_", "&lowbar; &UnderBar;"],
    ["`", "&grave; &DiacriticalGrave;"],
    ["{", "&lbrace; &lcub;"],
    ["|", "&verbar; &vert; &VerticalLine;"],
    ["}", "&rbrace; &rcub;"],
    ["fj", "&fjlig;"],
    ["\t", "&Tab;"],
    ["\n", "&NewLine;"],
  ])("replaces a secret that has %j, by each of its names in HTML: %s", (mark, names) => {
    keepSecret(`Kd8${mark}Zr7`);
    for (const name of names.split(" ")) expect(redact(`<Kd8${name}Zr7>`)).toBe("<REDACTED>");
  });

  it("replaces secrets that touch, overlap and repeat", () => {
    keepSecret("abcdefgh-1");
    keepSecret("gh-1-ijklmn");
    expect(redact("abcdefgh-1abcdefgh-1, abcdefgh-1-ijklmn!")).toBe("REDACTEDREDACTED, REDACTED!");
  });

  it.each([
    ["the name and the password of Basic credentials", "robot$ci:pw-5"],
    ["a password too short to be found in other bytes", "ab:xyz"],
  ])("replaces base64 of %s", (_, pair) => {
    const [username = "", password = ""] = pair.split(":");
    keepPassword(username, password);
    expect(redact(`Basic ${Buffer.from(pair).toString("base64")} refused`)).toMatch(
      /^Basic REDACTED=* refused$/,
    );
  });

  it("leaves user names, which are none", () => {
    keepPassword("acme-robot", "dG9rZW4tMTIz");
    expect(redact("acme-robot is not known")).toBe("acme-robot is not known");
  });

  it("replaces each line of a secret that has several, as the key file of a service account", () => {
    keepSecret('{\n  "private_key": "MIIEvQIBADANBgkq"\r\n}');
    expect(redact('said: { "private_key": "MIIEvQIBADANBgkq" }, and \'MIIEvQIBADANBgkq\'')).not.toContain(
      "private_key",
    );
    expect(redact('"private_key": "MIIEvQIBADANBgkq"')).toBe("REDACTED");
  });

  it.each([
    ["nothing", ""],
    ["white space", "  \n"],
    ["one character", "e"],
    ["three characters", "tag"],
  ])("takes %s for no secret: it would take apart every text", (_, secret) => {
    keepSecret(secret);
    expect(redact("the tag was refused")).toBe("the tag was refused");
  });

  it("takes a short secret for a word of its own, and not for a part of another", () => {
    keepSecret("test");
    expect(redact("latest, test and TEST, test-1, a/test@b, test2")).toBe(
      "latest, REDACTED and REDACTED, REDACTED-1, a/REDACTED@b, test2",
    );
  });

  it("takes what a service issued for a token only where it is as long as one, else it could choose words", () => {
    keepToken("refused");
    expect(redact("refused")).toBe("refused");
    keepToken("refused-by-nobody");
    expect(redact("refused-by-nobody")).toBe("REDACTED");
  });

  it.each([
    ["digests", `sha256:${"0123456789abcdef".repeat(4)}`],
    ["versions", "v1.2.3-rc.1+build.20260101, go1.24.5, 10.0.0.1:5000"],
    ["bytes of something else", "[115, 51, 99, 114, 51, 116, 45, 115], de:ad:be:ef:00:11"],
    ["a part of a secret", "sixteen letters, and s3cr3t alone"],
    ["a short secret that blanks or marks take apart", "te st, t-e-s-t, [116,101,115]"],
    ["prose", "the password of acme was refused: a token is expected, not a password"],
  ])("leaves %s", (_, text) => {
    for (const secret of [awkward, "s3cr3t-of-acme-16-letters", "test", "ghp_Zr7Kd8xQv27Lm40pTf6bN"])
      keepSecret(secret);
    expect(redact(text)).toBe(text);
  });

  it("leaves what stands around a secret that is taken apart", () => {
    keepSecret("s3cr3t-of-acme-16-letters");
    expect(redact("(a: s3cr3t of\nacme 16 letters) - [b]")).toBe("(a: REDACTED) - [b]");
  });

  it.each([
    ["again and again", "a".repeat(1 << 16), "a".repeat(1 << 20), "REDACTED"],
    ["in part once more", "abc".repeat(8), `-${"abc".repeat(10)}ab-`, "-REDACTEDab-"],
    ["in words that are not it", "a-a-", "xa-a-a-a-x a-a-", "xa-a-a-a-x REDACTED"],
  ])("replaces a secret that has itself %s", (_, secret, text, redacted) => {
    keepSecret(secret);
    expect(redact(text)).toBe(redacted);
  });

  it("takes a text of a million characters in its stride", () => {
    keepSecret(awkward);
    const text = `${'{"a":"\\u0041%41"},'.repeat(60_000)}${awkward}`;
    expect(redact(text).endsWith("},REDACTED")).toBe(true);
  });
});

it("redactAll keeps the form of a value, its numbers and the names of its fields", () => {
  keepSecret("repositories");
  keepSecret("12345678");
  const value = {
    repositories: ["ghcr.io/repositories/app", { ok: true, none: null, absent: undefined, size: 12345678 }],
    image: { "linux/repositories": "id 12345678" },
  };
  expect(redactAll(value)).toEqual({
    repositories: ["ghcr.io/REDACTED/app", { ok: true, none: null, absent: undefined, size: 12345678 }],
    image: { "linux/REDACTED": "id REDACTED" },
  });
});

it("reveal gives the text of a secret without the line end of a file, and remembers it", async () => {
  expect(await reveal({ plaintext: async () => "ghp_AbCd0123456789\n" })).toBe("ghp_AbCd0123456789");
  expect(redact("token ghp_AbCd0123456789")).toBe("token REDACTED");
});
