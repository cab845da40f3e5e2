import { describe, expect, it } from "vitest";
import { insteadOfJson, saidBy } from "../../src/registry/said.js";

describe("what an answer says about itself", () => {
  it.each<[string, string]>([
    ["", ""],
    ["  \n", ""],
    ["{}", ""],
    ["[]", ""],
    ["{", ""],
    ['{"errors":[]}', ""],
    ['{"errors":[{"code":"DENIED","message":"not you","detail":[1]}]}', "DENIED: not you"],
    ['{"errors":[{"code":"DENIED"},{"message":"and more"}]}', "DENIED; and more"],
    ['{"errors":[{"code":7,"message":null}]}', ""],
    // GitLab, GitHub, Docker Hub, OAuth2.
    ['{"message":"HTTP Basic: Access denied"}', "HTTP Basic: Access denied"],
    ['{"details":"incorrect username or password"}', "incorrect username or password"],
    ['{"detail":"Too many requests"}', "Too many requests"],
    ['{"error":"invalid_grant","error_description":"it has ended"}', "invalid_grant: it has ended"],
    ['{"error":{"code":1},"message":"told otherwise"}', "told otherwise"],
    ["client intended to send too large body\n", "client intended to send too large body"],
    ["two\r\nlines.", "two lines"],
    [
      "<html><head><title>413 Request Entity Too Large</title>",
      'a page titled "413 Request Entity Too Large"',
    ],
    ["<!doctype html><body><h1 class=x>\nSign in </h1>", 'a page titled "Sign in"'],
    ["<html><title></title>", "a page of HTML"],
    ['<?xml version="1.0"?><Error/>', "a page of HTML"],
    ["x".repeat(400), `${"x".repeat(300)}…`],
  ])("%j", (text, said) => {
    expect(saidBy(text)).toBe(said === "" ? "" : ` (${said})`);
  });
});

it("is read of no more than its beginning, in no time that grows with the square of it", () => {
  for (const text of ["<title".repeat(2_000_000), `<${"h1 ".repeat(4_000_000)}`, "%25".repeat(3_000_000)])
    expect(insteadOfJson(text).length).toBeLessThan(400);
});

it.each([
  ["", " It is empty."],
  ["{}", " It says: {}."],
  ["<html><title>Sign in</title>", ' It says: a page titled "Sign in".'],
  ['{"a":'.padEnd(200, "1"), ` It says: ${'{"a":'.padEnd(80, "1")}….`],
])("what came in place of JSON: %j", (text, said) => {
  expect(insteadOfJson(text)).toBe(said);
});
