import assert from "node:assert/strict";
import { failed, measured, sample } from "../../bench/sample.ts";
import { broken, rates } from "./fakes.ts";

Deno.test("a run in which everything worked has a rate, and microseconds of processor time for each unit", () => {
  assert.deepEqual(sample({ amount: 1000, failed: 0, seconds: 0.5, cpu: 0.02, p50: 90 }), {
    ...{ ok: true, rate: 2000, cpu: 20, p50: 90 },
  });
});

Deno.test("a rate can be told in a unit of many units of work", () => {
  assert.deepEqual(sample({ amount: 2000, failed: 0, seconds: 2 }, 500), { ok: true, rate: 2 });
});

Deno.test("a run in which one request failed has no rate", () => {
  assert.deepEqual(sample({ amount: 5000, failed: 1, seconds: 0.5, cpu: 0.02 }), {
    ...{ ok: false, failed: 1, reason: "1 of 5,000 failed" },
  });
});

Deno.test("samples are told apart by whether they failed", () => {
  const list = [...rates(1, 2), broken];
  assert.deepEqual(measured(list), rates(1, 2));
  assert.deepEqual(failed(list), [broken]);
});
