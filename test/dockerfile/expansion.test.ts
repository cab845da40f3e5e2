// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Dockerfiles write variables like this.
import { describe, expect, it } from "vitest";
import { Budget } from "../../src/dockerfile/budget.js";
import { expandText, expandWord } from "../../src/dockerfile/expansion.js";
import { InputError } from "../../src/errors.js";

const variables = new Map([
  ["a", "A"],
  ["empty", ""],
  ["two", "x y"],
  ["version", "v1.2.3"],
  ["path", "/usr/local/bin"],
]);
const scope = {
  variables,
  escapeChar: "\\",
  subject: "Dockerfile:3",
  get budget() {
    return new Budget();
  },
};

// Results of BuildKit's shell.Lex.
describe("expandWord", () => {
  it.each([
    ["$a", "A"],
    ["${a}", "A"],
    ["$a-$a", "A-A"],
    ["$ab", ""],
    ["${a}b", "Ab"],
    ["$unknown", ""],
    ["$", "$"],
    ["$/", "$/"],
    ["cost: $ 5", "cost: $ 5"],
    ["$1x", "x"],
    ["\\$a", "$a"],
    ["\\\\$a", "\\A"],
    ["'$a'", "$a"],
    ['"$a b"', "A b"],
    ['"\\$a \\" \\n"', '$a " \\n'],
    ["a\\ b", "a b"],
    ["${unknown:-d}", "d"],
    ["${unknown-d}", "d"],
    ["${empty:-d}", "d"],
    ["${empty-d}", ""],
    ["${a:-d}", "A"],
    ["${unknown:-$a}", "A"],
    ["${unknown:-${empty:-$two}}", "x y"],
    ["${a:+d}", "d"],
    ["${empty:+d}", ""],
    ["${empty+d}", "d"],
    ["${unknown:+d}", ""],
    ["${a:?needed}", "A"],
    ["${version#v}", "1.2.3"],
    ["${version#*.}", "2.3"],
    ["${version##*.}", "3"],
    ["${version%.*}", "v1.2"],
    ["${version%%.*}", "v1"],
    ["${version#x}", "v1.2.3"],
    ["${path/\\//-}", "-usr/local/bin"],
    ["${path//\\//-}", "-usr-local-bin"],
    ["${version/1?2/X}", "vX.3"],
    ["${two}", "x y"],
    ["${version#v?.}", "2.3"],
    ["${version##*[.]}", "v1.2.3"],
    ["${version%.?}", "v1.2"],
    ["${version%%?.*}", "v"],
    ["${version##*}", ""],
    ["${version#*}", "v1.2.3"],
    ["${version%\\*}", "v1.2.3"],
    ["${version//./}", "v123"],
    ["${version/*./X}", "X3"],
    ["${version//*/X}", "X"],
    ["${version//?/X}", "XXXXXX"],
    ["${version//x/X}", "v1.2.3"],
    ["${a/*b/X}", "A"],
  ])("%s", (word, expected) => {
    expect(expandWord(word, scope)).toBe(expected);
  });

  it("escapes with a backtick where the directive says so", () => {
    expect(expandWord("`$a c:\\$a", { ...scope, escapeChar: "`" })).toBe("$a c:\\A");
  });

  const nested = (depth: number) => `${"${n:-".repeat(depth)}d${"}".repeat(depth)}`;
  const big = new Map([...variables, ["million", "x".repeat(1_000_000)], ["a60", "a".repeat(60)]]);

  it("takes variables inside of one another", () => {
    expect(expandWord(nested(100), scope)).toBe("d");
  });

  it.each([
    [
      "100,000 variables inside of one another",
      nested(100_000),
      "at most 100 variables inside of one another",
    ],
    ["a value ten times", "$million".repeat(10), "variables that add at most 1048576 characters"],
    ["a quoted value ten times", `"${"$million".repeat(10)}"`, "variables that add at most 1048576"],
    [
      "each character by many",
      `\${million//x/${"y".repeat(10_000)}}`,
      "variables that add at most 1048576 characters",
    ],
    [
      "a long pattern",
      `\${million%%${"*a".repeat(10_000)}}`,
      "patterns that take at most 67108864 comparisons with values",
    ],
    ["many patterns", "${million##*}".repeat(10_000), "patterns that take at most 67108864"],
  ])("refuses %s at once", (_, word, expected) => {
    const act = () => expandWord(word, { ...scope, variables: big });
    expect(act).toThrow(InputError);
    expect(act).toThrow(`Dockerfile:3: expected ${expected}`);
  });

  it("refuses many words with patterns at once, which the budget of all stages is for", () => {
    const shared = { ...scope, variables: big, budget: new Budget() };
    const act = () => {
      for (let at = 0; at < 100_000; at += 1) expandWord("${million##*}", shared);
    };
    expect(act).toThrow("patterns that take at most 67108864 comparisons with values in all stages");
  });

  it.each([`\${a60%%${"*a".repeat(20)}b}`, `\${a60##${"*a".repeat(20)}b}`, `\${a60/${"*a".repeat(20)}b/x}`])(
    "does not try all ways of %s",
    (word) => {
      expect(expandWord(word, { ...scope, variables: big })).toBe("a".repeat(60));
    },
  );

  it.each([
    ["${", "a name after ${"],
    ["${}", "a name after ${"],
    ["${a", "a } that ends the variable"],
    ["${a:-b", "a } that ends the variable"],
    ["${a!b}", "one of } - :- + :+ ? :? # % / after ${a"],
    ["'a", "a ' that ends the quoted text"],
    ['"a', 'a " that ends the quoted text'],
    ["${unknown:?set it}", "set it"],
    ["${empty:?}", "a value of empty that is not empty"],
    ["${unknown?}", "a value of unknown"],
  ])("refuses %s", (word, expected) => {
    const act = () => expandWord(word, scope);
    expect(act).toThrow(InputError);
    expect(act).toThrow(
      `Dockerfile:3: expected ${expected}, got ${JSON.stringify(word).replaceAll('\\"', '"')}`,
    );
  });
});

describe("expandText", () => {
  it.each([
    ["a = $a\n\"$a\" '$a'\n", "a = A\n\"A\" 'A'\n"],
    ["\\$a \\\\", "$a \\"],
    ["unbalanced ' \" `", "unbalanced ' \" `"],
  ])("%j", (text, expected) => {
    expect(expandText(text, { ...scope, escapeChar: "`" })).toBe(expected);
  });
});
