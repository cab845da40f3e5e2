import { expect, it } from "vitest";
import { splitAtEnclosed } from "../../src/adoption/enclosed.js";
import { attributesOf } from "../../src/adoption/github/input-lines.js";
import { readMetadata } from "../../src/adoption/github/metadata-action.js";
import { joined, literal, longest } from "../../src/adoption/symbolic-text.js";

const marks = { begin: "${{", end: "}}" };

it.each([
  ["", [""]],
  ["a", ["a"]],
  [`\${{ a }}`, ["", " a ", ""]],
  [`a\${{b}}\${{}}c`, ["a", "b", "", "", "c"]],
  [`\${{ a \${{ b }} c }}`, ["", ` a \${{ b `, " c }}"]],
  [`a }} \${{ b`, [`a }} \${{ b`]],
  [`\${{}`, [`\${{}`]],
])("what is enclosed in %s stands at odd places", (text, parts) => {
  expect(splitAtEnclosed(text, marks)).toEqual(parts);
});

it.each([
  ["type=raw,value=a", { type: "raw", value: "a" }],
  ["a,,b=c=d,", { value: "a", b: "c=d" }],
  ['"a=b,c",d=1', { a: "b,c", d: "1" }],
  [`a=\${{ f('x', 'y') }},b={{c,d}}`, { a: `\${{ f('x', 'y') }}`, b: "{{c,d}}" }],
  ['a={{b,c="d', { a: "{{b", c: "d" }],
])("commas in quotes and in expressions separate no attributes: %s", (line, attributes) => {
  expect(attributesOf(line)).toEqual(attributes);
});

// As many steps squared are not done within the time that a test is given.
const often = 300_000;
const scope = {
  triggers: {
    versions: true,
    branches: false,
    byHand: false,
    isScheduled: false,
    ofPullRequests: false,
    withoutV: false,
    preReleases: false,
    branchNames: [],
  },
  isMain: () => false,
  env: new Map(),
  matrix: new Map(),
  metadata: new Set<string>(),
};

it.each([
  ["an expression", () => splitAtEnclosed("${{".repeat(often), marks)],
  ["an expression in an attribute", () => Object.keys(attributesOf("{{".repeat(often)))],
  ["expressions in quotes", () => Object.keys(attributesOf(`"{{"`.repeat(often)))],
  [
    "a pattern of docker/metadata-action",
    () =>
      readMetadata({ tags: `type=semver,pattern=${"{{ ".repeat(often)}` }, scope, () => undefined).tags.slice(
        1,
      ),
  ],
])("one walk tells that nothing ends %s, however often it begins", (_, read) => {
  expect(read()).toHaveLength(1);
});

it("does not look for all meanings of a text that is too long", () => {
  let meanings = 0;
  const meaningOf = () => {
    meanings += 1;
    return literal("x".repeat(longest));
  };
  expect(() => joined(Array(often).fill(0), meaningOf)).toThrow("longer than 10000 characters");
  expect(meanings).toBe(2);
});
