import assert from "node:assert/strict";
import { covers, normaliseHostPath } from "../../../../lib/policy/constraints/paths.ts";

const spellings: readonly (readonly [written: string, path: string | undefined])[] = [
  ["/", "/"],
  ["//", "/"],
  ["/..", "/"],
  ["/a/../..//../", "/"],
  ["/srv/ci", "/srv/ci"],
  ["/srv/ci/", "/srv/ci"],
  ["//srv///ci/./x", "/srv/ci/x"],
  ["/srv/ci/../../etc", "/etc"],
  ["/srv/ci/...", "/srv/ci/..."],
  ["/srv\\..\\etc", "/srv\\..\\etc"],
  ["/srv/ci/ ", "/srv/ci/ "],
  ["", undefined],
  ["srv", undefined],
  ["./srv", undefined],
  ["~", undefined],
  ["\\srv", undefined],
  ["/srv\0/etc", undefined],
];

for (const [written, path] of spellings) {
  Deno.test(`the host path ${JSON.stringify(written)} reads as ${path}`, () => {
    assert.equal(normaliseHostPath(written), path);
  });
}

const pairs: readonly (readonly [pattern: string, path: string, covered: boolean])[] = [
  ["/srv/ci/**", "/srv/ci", true],
  ["/srv/ci/**", "/srv/ci/a/b", true],
  ["/srv/ci/**", "/srv/ci-evil", false],
  ["/srv/ci/**", "/srv", false],
  ["/srv/ci/**", "/x/srv/ci/a", false],
  ["/srv/ci", "/srv/ci", true],
  ["/srv/ci/", "/srv/ci", true],
  ["/srv/ci", "/srv/ci/a", false],
  ["/srv/*", "/srv/ci", true],
  ["/srv/*", "/srv/ci/a", false],
  ["/srv/*", "/srv", false],
  ["/srv/*/src/**", "/srv/ci/src", true],
  ["/**", "/", true],
  ["/**", "/etc", true],
  ["/", "/", true],
  ["/", "/etc", false],
];

for (const [pattern, path, covered] of pairs) {
  Deno.test(`${pattern} ${covered ? "covers" : "does not cover"} ${path}`, () => {
    assert.equal(covers([pattern], path), covered);
  });
}
