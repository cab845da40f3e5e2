import { expect, it } from "vitest";
import { holdsUrlPassword } from "../src/url-password.js";

const long = "x".repeat(5_000);

it.each([
  "https://me:pw@host",
  "https://me:@host/",
  "https://:pw@host",
  `https://me:${long}@host`,
  `https://${long}:pw@host`,
  "https://me:p/w@host",
  "https://me:/w@host",
  "https://me:p?w@host",
  "https://me:#w@host",
  "https://me:p@w@host/x",
  'https://me:p"w@host',
  "postgres://me:pw@[::1]:5432/a",
  "https://[::1]:x/w@host",
  "see https://host/ and git+ssh://me:pw@host/x.",
  "https://example.com/?next=https://me:pw@host/",
  "https://example.com/?next=https%3A%2F%2Fme%3Apw%40host",
  "https://me:p%2Fw@host",
  "a://b://me:pw@host",
  "https:\\/\\/me:pw@host",
  "https:\\u002f\\u002fme\\u003apw@host",
  "https%253A%252F%252Fme%253Apw%2540host",
  "https://jane@corp.example:p/w@host/x",
  '{"a": "https://me:p/w@host"}',
  "https://a.example:8443,https://me:p/w@b.example",
])("finds the password of %s", (text) => {
  expect(holdsUrlPassword(text)).toBe(true);
});

it.each([
  "git@github.com:org/repo",
  "ssh://git@github.com:22/org/repo",
  "https://example.com/a:b@sha256:0a",
  "docker-image://golang:1.25@sha256:0a",
  "https://host/path@v1",
  "https://host:5000/path@v1",
  "https://host:5000?mail=me@example.com",
  "https://[::1]:5000/path@v1",
  "https://[fe80::1]/path@v1",
  "https://{host}:{port}/path@v1",
  "git+ssh://git@github.com:org/repo@v1",
  "https://host/a:b@c",
  'JSON: {"url":"https://host","at":"a/b@c"}',
  '{"https://a.example":"https://b.example:8443/x","c":"d/e@f"}',
  "https://host:port and me/you@example.com",
  "pkg:golang/example.com/a@v1?x=y:z",
  "registry.example:5000/a@v1",
  "me:pw@host",
  '{"homepage":"https://example.com","email":"me@example.com"}',
  '{"homepage":"https://example.com:8443","email":"me@example.com"}',
  "https://a:8443,https://b/@x",
  "kafka://a:9092,b:9092/topic",
  "pkg:npm/%2540scope/a",
  "://",
  "",
])("finds no password in %s", (text) => {
  expect(holdsUrlPassword(text)).toBe(false);
});

// Two hundred thousand times as many steps are not done within the time that a test is given.
it.each([
  "://",
  "://a:b/",
  "@sha256:",
  "://a:",
  ":",
  "%3A%2F%2F",
  "://[",
  '://a:b"/',
  "https://a:b?",
  "%25",
  "\\u0025",
  ",a://",
  '"a:',
])("takes one walk where %s stands over and over", (part) => {
  expect(holdsUrlPassword(part.repeat(200_000))).toBe(false);
});
