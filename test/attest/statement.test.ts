import { describe, expect, it } from "vitest";
import {
  encodeStatement,
  isAbout,
  parseStatement,
  statementAbout,
  subjectOf,
} from "../../src/attest/statement.js";

const digest = `sha256:${"ab".repeat(32)}`;
const statement = statementAbout([subjectOf("registry.example/app", digest)], "https://example.com/v1", {
  b: [{ d: 1, c: null }],
  a: "ä",
});

describe("a statement", () => {
  it("has the same bytes in whatever order its fields were set, and lists keep theirs", () => {
    const { predicate, predicateType, subject, _type } = statement;
    const reversed = { predicate: { a: "ä", b: [{ c: null, d: 1 }] }, predicateType, subject, _type };
    expect(encodeStatement(statement).equals(encodeStatement(reversed))).toBe(true);
    expect(encodeStatement(statement).toString()).toBe(
      `{"_type":"https://in-toto.io/Statement/v1","predicate":{"a":"ä","b":[{"c":null,"d":1}]},"predicateType":"https://example.com/v1","subject":[{"digest":{"sha256":"${"ab".repeat(32)}"},"name":"registry.example/app"}]}`,
    );
    expect(predicate).toBe(statement.predicate);
  });

  it.each(["https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1"] as const)(
    "is read again as it was: %s",
    (_type) => {
      expect(parseStatement(encodeStatement({ ...statement, _type }))).toEqual({ ...statement, _type });
    },
  );

  it.each([
    ["no JSON", "{"],
    ["another type", JSON.stringify({ ...statement, _type: "https://in-toto.io/Link/v1" })],
    ["no subject", JSON.stringify({ ...statement, subject: [] })],
    ["more subjects than any has", JSON.stringify({ ...statement, subject: Array(1001).fill({}) })],
    ["no predicate type", JSON.stringify({ ...statement, predicateType: "" })],
    ["a predicate that is a list", JSON.stringify({ ...statement, predicate: [] })],
  ])("is none with %s", (_, text) => {
    expect(parseStatement(Buffer.from(text))).toBeUndefined();
  });

  it.each([
    [digest, true],
    [`sha256:${"cd".repeat(32)}`, false],
    [`sha512:${"ab".repeat(32)}`, false],
    ["ab".repeat(32), false],
  ])("is about %s: %s", (asked, expected) => {
    expect(isAbout(statement, asked)).toBe(expected);
  });
});
