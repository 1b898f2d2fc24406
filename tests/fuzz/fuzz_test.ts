import assert from "node:assert/strict";
import { corpusOf } from "./corpus.ts";
import { Campaign } from "./run.ts";
import { targets } from "./targets/all.ts";

/** In the time that a test may take; the task `fuzz` tries as many as it is told. */
const cases: Readonly<Record<string, number>> = {
  requests: 10_000,
  paths: 10_000,
  chunked: 5000,
  responses: 5000,
  bodies: 2000,
  config: 500,
  audit: 2000,
};

for (const target of targets) {
  for (const [name, input] of corpusOf(target.name)) {
    Deno.test(`the kept input ${target.name}/${name} is taken as it should be`, () => {
      target.check(input);
    });
  }

  Deno.test(`no input of ${target.name} is taken otherwise than it should be`, () => {
    const campaign = new Campaign(target, [...corpusOf(target.name).values()]);
    const seed = crypto.getRandomValues(new Uint32Array(1))[0]! >>> 1;
    const failure = campaign.run(cases[target.name]!, seed);
    assert.ok(
      failure === undefined,
      `seed ${seed}: ${JSON.stringify(failure?.input)}\n${failure?.error}`,
    );
    assert.equal(campaign.cases, cases[target.name]);
    const few = target.name === "audit" ? 2 : 8;
    assert.ok(campaign.answers >= few, `only ${campaign.answers} different answers`);
  });
}
