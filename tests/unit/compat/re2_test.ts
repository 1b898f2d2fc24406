// The tables were held against Go's own regexp package (1.26), which compiles what wollomatic and cetusguard are given.
import assert from "node:assert/strict";
import { translateRe2 } from "../../../lib/compat/import/re2.ts";

interface Row {
  readonly pattern: string;
  readonly matches: readonly string[];
  readonly others: readonly string[];
}

const rows: readonly Row[] = [
  { pattern: "/v1\\..{1,2}/info", matches: ["/v1.4/info", "/v1.41/info"], others: ["/v1/info"] },
  { pattern: "(?i)/Info", matches: ["/info", "/INFO"], others: ["/inf"] },
  { pattern: "/(?i:a)b", matches: ["/Ab", "/ab"], others: ["/aB"] },
  { pattern: "(?isU)/a.*", matches: ["/A\nb"], others: ["/b"] },
  { pattern: "\\A/x\\z", matches: ["/x"], others: ["/xx", "//x"] },
  { pattern: "/[[:alpha:]]+", matches: ["/aZ"], others: ["/a1", "/"] },
  { pattern: "/[^[:digit:][:punct:]]", matches: ["/a"], others: ["/1", "/-", "/\\"] },
  { pattern: "/[]a]+", matches: ["/]a"], others: ["/[", "/"] },
  { pattern: "/[^]a]", matches: ["/b"], others: ["/]", "/a"] },
  { pattern: "/[\\w.-]+", matches: ["/a_b.c-d"], others: ["/a/b"] },
  { pattern: "/\\Qa.b|c\\E/d", matches: ["/a.b|c/d"], others: ["/axb|c/d", "/a.b"] },
  { pattern: "/(?P<name>[a-z]+)", matches: ["/web"], others: ["/1"] },
  { pattern: "/\\x41\\x{42}", matches: ["/AB"], others: ["/ab"] },
  { pattern: "/a{,2}", matches: ["/a{,2}"], others: ["/aa"] },
  { pattern: "/\\_\\-\\@", matches: ["/_-@"], others: ["/"] },
  { pattern: "/a.b", matches: ["/axb"], others: ["/a\nb"] },
];

Deno.test("what Go's patterns match is matched, and nothing else", () => {
  for (const { pattern, matches, others } of rows) {
    const translated = translateRe2(pattern);
    if ("problem" in translated) throw new Error(`${pattern}: ${translated.problem}`);
    const expression = new RegExp(`^(?:${translated.source})$`, translated.flags);
    for (const text of matches) assert.ok(expression.test(text), `${pattern} takes ${text}`);
    for (const text of others) assert.ok(!expression.test(text), `${pattern} refuses ${text}`);
  }
});

Deno.test("alternatives that no group holds together are noticed, others are not", () => {
  const noticed = (pattern: string) => {
    const translated = translateRe2(pattern);
    return "alternatives" in translated && translated.alternatives;
  };
  for (const pattern of ["/a|/b", "/a(b|c)|d", "[|]|x"]) assert.ok(noticed(pattern), pattern);
  for (const pattern of ["/a", "/(a|b)", "(/a|/b)", "/[|]", "/a\\|b", "/\\Qa|b\\E"]) {
    assert.ok(!noticed(pattern), pattern);
  }
});

Deno.test("what Go does not compile is a problem, and so is what has no like in JavaScript", () => {
  const problems = [
    ...["/(?=a)", "/(?!a)", "/(?<=a)b", "/(?<!a)b", "/(a)\\1", "/a)", "/(a", "/[a", "/a\\", "/a**"],
    ...["/\\pL", "/[[:^alpha:]]", "/[[:foo:]]", "/(?m)a", "/\\C", "/\\x{1F600}", "/\\y"],
  ];
  for (const pattern of problems) assert.ok("problem" in translateRe2(pattern), pattern);
});
