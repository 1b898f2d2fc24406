import assert from "node:assert/strict";
import fc from "fast-check";
import { Glob } from "../../../../lib/policy/constraints/glob.ts";

/** What a pattern means, in words that everybody knows. */
function expression(pattern: string): RegExp {
  const source = pattern.split(/(\*+)/).map((part) =>
    part.startsWith("*") ? (part.length === 1 ? "[^/]*" : ".*") : part
  );
  return new RegExp(`^${source.join("")}$`, "s");
}

/** All words of up to `length` of these letters. */
function* words(letters: readonly string[], length: number): Generator<string> {
  yield "";
  if (length === 0) return;
  for (const word of words(letters, length - 1)) {
    for (const letter of letters) if (word.length === length - 1) yield word + letter;
    if (word !== "") yield word;
  }
}

Deno.test("every short pattern takes the values that its regular expression takes", () => {
  const values = [...new Set(words(["a", "b", "/"], 6))];
  let taken = 0;
  for (const pattern of new Set(words(["a", "b", "/", "*"], 5))) {
    const glob = new Glob(pattern);
    const meaning = expression(pattern);
    for (const value of values) {
      const wanted = meaning.test(value);
      if (wanted) taken++;
      if (glob.takes(value) !== wanted) assert.fail(`${pattern} and ${value}: not ${wanted}`);
    }
  }
  assert.ok(taken > 1000);
});

Deno.test("longer ones, too", () => {
  const pattern = fc.array(fc.constantFrom("a", "b", "/", "*", "**", "é"), { maxLength: 14 });
  const value = fc.array(fc.constantFrom("a", "b", "/", "é", "\n"), { maxLength: 40 });
  fc.assert(
    fc.property(pattern, value, (pattern, value) => {
      const [text, word] = [pattern.join(""), value.join("")];
      assert.equal(new Glob(text).takes(word), expression(text).test(word));
    }),
    { numRuns: 2000 },
  );
});

// Where matching goes back, a value of 100,000 characters keeps a worker busy for years.
for (const [pattern, piece] of [["*-*-*-*-*", "-"], ["**/a/**/b/**c", "/a"], ["**a*b", "a"]]) {
  Deno.test(`the pattern ${pattern} costs a long value no more than its length`, () => {
    assert.ok(!new Glob(pattern!).takes(`${piece!.repeat(100_000)}/`));
  });
}
