import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { beforeAll, describe, expect, it } from "vitest";
import { InputError } from "../../src/errors.js";
import { insteadOfJson, saidBy } from "../../src/registry/said.js";
import { keepSecret } from "../../src/secrets.js";
import { makeClient } from "../support/client.js";
import { messageThrownBy } from "../support/thrown.js";

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

/** As long as those of clouds: 43 characters for each part, none of them twice. */
function tokenOf(parts: number): string {
  return Array.from({ length: parts }, (_, at) =>
    createHash("sha256").update(String(at)).digest("base64url"),
  ).join("");
}

describe("a known secret that is cut", () => {
  const password = "hunter2-Qx9vT4mZ8kLw";
  beforeAll(() => keepSecret(password));

  it("is not shown by its beginning where a body is no more looked at", () => {
    const text = `bad:${" ".repeat(16_384 - 4 - password.length + 1)}${password}`;
    expect(saidBy(text)).not.toContain(password.slice(0, 8));
    expect(insteadOfJson(text)).not.toContain(password.slice(0, 8));
  });

  it("is not shown where a message quotes the input", () => {
    const long = "k9".repeat(1_000);
    keepSecret(long);
    for (const given of [long, `https://${"x".repeat(1_980)}@${password}`]) {
      const { message } = new InputError({ subject: "x", expected: "y", given });
      expect(message).not.toContain(password.slice(0, 8));
      expect(message).not.toContain("k9k9");
    }
  });

  it("is not shown where the registry's answer is longer than what is read", async () => {
    const long = tokenOf(40);
    keepSecret(long);
    const server = createServer((_, answer) => answer.writeHead(400).end(`${long} `.repeat(40)));
    await new Promise<void>((started) => server.listen(0, "127.0.0.1", started));
    const { port } = server.address() as AddressInfo;
    const repository = { registry: `127.0.0.1:${port}`, path: "a/b" };
    const message = await messageThrownBy(() => makeClient().getManifest(repository, "1.0.0"));
    server.close();
    expect(await messageThrownBy(() => makeClient().getManifest(repository, "1.0.0"))).not.toContain(
      "Zq7Zq7",
    );
    expect(message).not.toContain(long.slice(0, 12));
  });
});
