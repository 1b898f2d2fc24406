import assert from "node:assert/strict";
import { closest } from "../../../lib/policy/suggest.ts";

const cases: [word: string, candidates: string[], near: string | undefined][] = [
  ["serv", ["serve", "check"], "serve"],
  ["serve", ["serve", "server"], "serve"],
  ["sevre", ["serve"], "serve"],
  ["rnu", ["run", "rm"], "run"],
  ["Serve", ["serve"], "serve"],
  ["privlieged", ["privileged", "pids"], "privileged"],
  ["x", ["serve"], undefined],
  ["abcdef", ["uvwxyz"], undefined],
  ["ca", ["abc"], undefined],
  ["", ["serve"], undefined],
  ["serve", [], undefined],
];
for (const [word, candidates, near] of cases) {
  Deno.test(`of ${candidates.join(", ") || "nothing"}, ${JSON.stringify(word)} means ${near ?? "none"}`, () => {
    assert.equal(closest(word, candidates), near);
  });
}
