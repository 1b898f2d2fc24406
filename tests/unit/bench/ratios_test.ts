import assert from "node:assert/strict";
import { cpu, ratios } from "../../bench/ratios.ts";
import type { Sample } from "../../bench/sample.ts";
import { broken, rates, results } from "./fakes.ts";

Deno.test("each round has its own ratio", () => {
  const run = results({ get: { a: rates(10, 60, 30), b: rates(5, 20, 30) } });
  assert.deepEqual(ratios(run, "get", "a", "b"), [2, 3, 1]);
});

Deno.test("a round in which either way failed has no ratio, and the others keep their partners", () => {
  const run = results({
    get: { a: [broken, ...rates(60, 30)], b: [...rates(5, 20), broken] },
  });
  assert.deepEqual(ratios(run, "get", "a", "b"), [3]);
});

Deno.test("a way or a workload that was not measured has no ratios", () => {
  const run = results({ get: { a: rates(1) } });
  assert.deepEqual(ratios(run, "get", "a", "b"), []);
  assert.deepEqual(ratios(run, "get", "b", "a"), []);
  assert.deepEqual(ratios(run, "put", "a", "b"), []);
});

Deno.test("processor time that is not known or was too short for the clock has no ratio", () => {
  const ways: Record<string, Sample[]> = {
    a: [{ ok: true, rate: 1, cpu: 10 }, { ok: true, rate: 1, cpu: 5 }, { ok: true, rate: 1 }],
    b: [{ ok: true, rate: 1, cpu: 20 }, { ok: true, rate: 1, cpu: 0 }, {
      ...{ ok: true, rate: 1, cpu: 9 },
    }],
  };
  assert.deepEqual(ratios(results({ get: ways }), "get", "a", "b", cpu), [0.5]);
});
