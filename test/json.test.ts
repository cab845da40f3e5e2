import { describe, expect, it } from "vitest";
import { type JsonLimit, limitPassedBy, repeatedName, withoutComments } from "../src/json.js";

const limit: JsonLimit = { depth: 2, values: 5 };
const deep = "JSON nested at most 2 deep";
const many = "JSON of at most 5 values";

describe("limitPassedBy", () => {
  it.each<[string, string | undefined]>([
    ["[[]]", undefined],
    ['{"a":[]}', undefined],
    ["[[[]]]", deep],
    ['{"a":{"b":{}}}', deep],
    // What breaks off is nested as well.
    ["[[[", deep],
    ["[1,2,3,4]", undefined],
    ["[1,2,3,4,5]", many],
    ["[[],[],[],[]]", many],
    // Neither is told by what a string holds.
    ['["[[[[", ",,,,,,"]', undefined],
    [String.raw`["\"[[[[", "\\"]`, undefined],
    [String.raw`["\\", [[]]]`, deep],
    ['["no end [[[', undefined],
    ["text", undefined],
    ["", undefined],
  ])("%s", (text, expected) => {
    expect(limitPassedBy(text, limit)).toBe(expected);
  });

  it("is generous by itself", () => {
    expect(limitPassedBy(JSON.stringify(Array(90_000).fill({})))).toBe("JSON of at most 100000 values");
    expect(limitPassedBy(JSON.stringify(Array(90_000).fill(0)))).toBeUndefined();
    expect(limitPassedBy("[".repeat(100) + "]".repeat(100))).toBeUndefined();
  });
});

it.each<[string, string | undefined]>([
  ["{}", undefined],
  ['{"a":1,"b":{"a":1},"c":[{"a":1},{"a":2}]}', undefined],
  ['{"a":["b","b"],"b":"a"}', undefined],
  ['{"a":"\\"a\\":","b":{}}', undefined],
  ['{"a":1,"a":2}', "a"],
  ['{"a" \n : 1, "b":{"c":{}}, "a"\t:2}', "a"],
  ['{"a":1,"\\u0061":2}', "a"],
  ['{"x":[{"y":{"__proto__":1,"__proto__":2}}]}', "__proto__"],
  ['{"a":{"b":1},"c":{"b":1,"b":2}}', "b"],
  ['{"a":1,"A":2}', undefined],
])("a name that %s has twice in an object", (text, expected) => {
  JSON.parse(text);
  expect(repeatedName(text)).toBe(expected);
});

describe("withoutComments", () => {
  it.each<[string, string]>([
    ['{"a": 1}', '{"a": 1}'],
    ['{"a": [1, 2,], }', '{"a": [1, 2] }'],
    ["[1, // one, ]\n 2]", "[1,  2]"],
    ["[/* , ] */1, /* last */ // of all\n]", "[1  ]"],
    ['["//", "/*", ",]", "\\",]"]', '["//", "/*", ",]", "\\",]"]'],
    ["[1,, ]", "[1, ]"],
    ["[1, /* without end", "[1, "],
    ['["without end, // ]', '["without end, // ]'],
    ["1 / 2", "1 / 2"],
    ["", ""],
  ])("makes of %j %j", (given, expected) => {
    expect(withoutComments(given)).toBe(expected);
  });
});
