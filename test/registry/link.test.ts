import { describe, expect, it } from "vitest";
import { nextLink } from "../../src/registry/link.js";

describe("nextLink", () => {
  it.each([
    '</v2/a/tags/list?last=b>; rel="next"',
    "</v2/a/tags/list?last=b>; rel=next",
    "</v2/a/tags/list?last=b>;rel='next'",
    '</v2/a/tags/list?last=b>; title="t; rel=x"; rel="next"',
    '</v2/a/tags/list?last=b>; type="a/b"; rel=next',
    '</v2/a/tags/list?last=b>; Rel="Next"',
    '</v2/a/tags/list?last=b>; rel = "prev next"',
    '</v2/a>; rel="first", </v2/a/tags/list?last=b>; rel="next"',
    '/v2/a/tags/list?last=b; rel="next"',
  ])("finds the next page in %s", (header) => {
    expect(nextLink(header)).toBe("/v2/a/tags/list?last=b");
  });

  it.each(["", '</v2/a>; rel="prev"', '<https://example.com/help>; rel="help"'])(
    "finds none in %j",
    (header) => {
      expect(nextLink(header)).toBeUndefined();
    },
  );

  it.each([
    "</v2/a>",
    '<>; rel="next"',
    "</v2/a; rel=next",
    '</v2/a>; rel="next',
    ";rel=next",
    "</v2/a>; rel=",
  ])("takes %j for no end of a list", (header) => {
    expect(nextLink(header)).toBe("malformed");
  });
});
