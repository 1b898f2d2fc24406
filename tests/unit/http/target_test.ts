import assert from "node:assert/strict";
import { goBool } from "../../../lib/http/go_bool.ts";
import { parseTarget } from "../../../lib/http/target.ts";

const accepted: [raw: string, path: string, version: string | undefined][] = [
  ["/_ping", "/_ping", undefined],
  ["/v1.41/containers/json", "/containers/json", "1.41"],
  ["/v1.24/info", "/info", "1.24"],
  ["/v2.0/info", "/info", "2.0"],
  ["/images/a%2Fb/json", "/images/a/b/json", undefined],
  [
    "/images/registry%3A5000%2Fa%2Fb%40sha256%3A00/json",
    "/images/registry:5000/a/b@sha256:00/json",
    undefined,
  ],
  [
    "/images/registry:5000/a/b@sha256:00/json",
    "/images/registry:5000/a/b@sha256:00/json",
    undefined,
  ],
  ["/networks/", "/networks/", undefined],
  ["/v1.41/networks/", "/networks/", "1.41"],
  ["/debug/pprof/", "/debug/pprof/", undefined],
  ["/vx/y", "/vx/y", undefined],
  ["/version", "/version", undefined],
  ["/volumes/v1.41", "/volumes/v1.41", undefined],
  ["/v4.0.0/libpod/info", "/libpod/info", "4.0.0"],
  ["/v5.10.2/libpod/images/a%2Fb/json", "/libpod/images/a/b/json", "5.10.2"],
  ["/libpod/_ping", "/libpod/_ping", undefined],
];
for (const [raw, path, version] of accepted) {
  Deno.test(`the target ${raw} is ${path}`, () => {
    const parsed = parseTarget(raw);
    assert.ok(parsed.ok, parsed.ok ? "" : parsed.reason);
    assert.equal(parsed.target.path, path);
    assert.equal(parsed.target.version, version);
  });
}

const refused = [
  "",
  "x",
  "*",
  "http://x/y",
  "//containers/json",
  "/containers//json",
  "/containers/json/",
  "/",
  "/./info",
  "/x/../info",
  "/x/.",
  "/%2e/info",
  "/%2E%2e/info",
  "/x/%2e%2e/info",
  "/a%2F..%2Fb",
  "/a%2F%2Fb",
  "/%2Fa",
  "/a%2F",
  "/containers/%2e",
  "/%63ontainers/json",
  "/containers/%6Ason",
  "/%7Euser",
  "/a%2Db",
  "/a%252Fb",
  "/a%25",
  "/a%00b",
  "/a%0Ab",
  "/a%20b",
  "/a%3Fb",
  "/a%23b",
  "/a%5Cb",
  "/a%C3%A4",
  "/a%FF",
  "/a%",
  "/a%4",
  "/a%zz",
  "/a%4g",
  "/a\\b",
  "/a#b",
  "/a?b#c",
  '/a"b',
  "/a<b",
  "/a{b}",
  "/a|b",
  "/a^b",
  "/a`b",
  "/a[b]",
  "/v1.41",
  "/v1/info",
  "/v1.41.0/info",
  "/v4.0.0/info",
  "/v4.0.0/images/libpod/json",
  "/v4.0.0/libpod",
  "/v4.0.0/libpodx/info",
  "/v4.0.0/libpod%2Finfo",
  "/v4.0.0/%6cibpod/info",
  "/v4.0.0//libpod/info",
  "/v4.0.0.0/libpod/info",
  "/v4.0.0-rc1/libpod/info",
  "/v4.0/libpod/info",
  "/v4/libpod/info",
  "/v04.0.0/libpod/info",
  "/v4.00.0/libpod/info",
  "/v4.0./libpod/info",
  "/v1.41/libpod/info",
  "/v3.4.4/libpod/info",
  "/v0.0.0/libpod/info",
  "/v4.0.0/libpod/",
  "/v1.41./info",
  "/v1..41/info",
  "/v01.41/info",
  "/v1.041/info",
  "/v1.23/info",
  "/v0.9/info",
  "/v1.23/containers/x/start",
  "/v1.41%2Finfo",
  "/v1.41//info",
  "/info?a=%zz",
  "/info?a=%4",
  "/info?a;b",
  "/info?a=b;c=d",
  "/info?a=%FF",
  "/networks//",
  "/debug/pprof//",
  "/v1.12/networks/",
  `/containers/${"x".repeat(4096)}/json`,
  `/${"a/".repeat(3000)}b`,
  `/containers/json?${"a&".repeat(600)}`,
];
for (const raw of refused) {
  Deno.test(`the target ${JSON.stringify(raw.slice(0, 60))} is refused with a reason`, () => {
    const parsed = parseTarget(raw);
    assert.equal(parsed.ok, false);
    if (!parsed.ok) assert.ok(parsed.reason.length > 10);
  });
}

Deno.test("a version that is too old is told what to do", () => {
  const parsed = parseTarget("/v1.23/containers/json");
  assert.ok(!parsed.ok && /DOCKER_API_VERSION/.test(parsed.reason));
});

Deno.test("the query is read as Go's url.ParseQuery reads it", () => {
  const parsed = parseTarget(
    "/x?a=1&b=%7B%22c%22%3Atrue%7D&d+e=f+g%2Bh&a=2&&n%61me=x&flag&=v&k=a=b",
  );
  assert.ok(parsed.ok);
  assert.deepEqual(parsed.target.query, [
    ["a", "1"],
    ["b", '{"c":true}'],
    ["d e", "f g+h"],
    ["a", "2"],
    ["name", "x"],
    ["flag", ""],
    ["", "v"],
    ["k", "a=b"],
  ]);
});

Deno.test("booleans are read as the engine reads them: odd spellings are true", () => {
  for (const value of ["", "0", "no", "false", "none", "FALSE", "None"]) {
    assert.equal(goBool(value), false, value);
  }
  for (
    const value of [
      "1",
      "true",
      "yes",
      "off",
      "f",
      "n",
      "2",
      "00",
      "null",
      " 0 ",
      "\ufeff0",
      "\ufeff",
    ]
  ) {
    assert.equal(goBool(value), true, value);
  }
});
