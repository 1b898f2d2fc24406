import assert from "node:assert/strict";
import type { Limits } from "../../../../lib/policy/constraints/types.ts";
import { verdict } from "./trial.ts";

const ci: Limits = { images: ["registry.example.com/ci/**"] };

const rows: readonly (readonly [limits: Limits, query: string, verdict: string])[] = [
  [{}, "&repo=alpine&tag=latest", "fine"],
  [ci, "", "fine"],
  [ci, "&repo=registry.example.com/ci/app&tag=1", "fine"],
  [ci, "&repo=registry.example.com%2Fci%2Fapp:1", "fine"],
  [ci, "&changes=USER+0&changes=ENTRYPOINT+x", "fine"],
  [ci, "&repo=alpine", "images"],
  [ci, "&repo=registry.example.com/prod/app&tag=1", "images"],
  [ci, "&repo=registry.example.com/ci/app&repo=alpine", "400"],
  [ci, "&repo=registry.example.com/ci/app&Repo=alpine", "400"],
  [ci, "&repo=Not/A/Name", "images"],
];

for (const [limits, query, expected] of rows) {
  const said = expected === "fine" ? "take" : "deny";
  Deno.test(`the limits ${JSON.stringify(limits)} ${said} the commit ${query}`, () => {
    const path = `/commit?container=web${query}`;
    assert.equal(verdict({ path, limits, body: { User: "0" } }), expected);
  });
}
