import assert from "node:assert/strict";
import { allows } from "../../../../lib/policy/constraints/patterns.ts";

const matching: readonly (readonly [pattern: string, value: string])[] = [
  ["web", "web"],
  ["web-*", "web-1"],
  ["web-*", "web-"],
  ["*", ""],
  ["**", "a/b\nc"],
  ["/srv/*/data", "/srv/ci/data"],
  ["/srv/**/data", "/srv/a/b/data"],
  ["a.b", "a.b"],
  ["a+(b)[c]{d}^$|?\\", "a+(b)[c]{d}^$|?\\"],
];

const other: readonly (readonly [pattern: string, value: string])[] = [
  ["web", "web-1"],
  ["web", "my-web"],
  ["web", "Web"],
  ["web", "web\n"],
  ["web-*", "xweb-1"],
  ["web-*", "web-1/x"],
  ["/srv/*", "/srv/a/b"],
  ["a.b", "axb"],
  ["a|b", "a"],
  ["[ab]", "a"],
  ["**.d", "a.d\n"],
  ["", "a"],
];

for (const [pattern, value] of matching) {
  Deno.test(`the pattern ${pattern} takes ${JSON.stringify(value)}`, () => {
    assert.ok(allows([pattern], value));
  });
}

for (const [pattern, value] of other) {
  Deno.test(`the pattern ${pattern} does not take ${JSON.stringify(value)}`, () => {
    assert.ok(!allows([pattern], value));
  });
}

Deno.test("absent and any allow everything, an empty list nothing", () => {
  assert.ok(allows(undefined, "x"));
  assert.ok(allows("any", "x"));
  assert.ok(!allows([], ""));
});
