import assert from "node:assert/strict";
import { goals } from "../../bench/goals.ts";
import type { Results } from "../../bench/results.ts";
import type { Sample } from "../../bench/sample.ts";
import { broken, rates, results } from "./fakes.ts";

/** What became of the goal with this text: undefined when it was not measured. */
function outcome(run: Results, text: string): string | undefined {
  const goal = goals(run).find((goal) => goal.text === text);
  return goal && `${Number(goal.value.toFixed(3))}${goal.unit} ${goal.verdict}`;
}

const CHURN = "a connection for each, to HAProxy"; // at least 1.3

function churn(postern: readonly Sample[], haproxy: readonly Sample[]): string | undefined {
  return outcome(results({ churn: { postern, haproxy } }), CHURN);
}

Deno.test("a goal is judged by the ratios within the rounds, not by the medians of both ways", () => {
  const haproxy = rates(100, 200, 300, 400, 500);
  assert.equal(churn(rates(140, 280, 420, 560, 700), haproxy), "1.4× reached");
  assert.equal(churn(rates(120, 240, 360, 480, 600), haproxy), "1.2× missed");
});

Deno.test("a goal whose ratios lie on both sides is too noisy to tell", () => {
  assert.equal(churn(rates(100, 120, 140, 160, 180), rates(100, 100, 100, 100, 100)), "1.4× noisy");
});

Deno.test("failed samples do not count, and a goal without any other was not measured", () => {
  assert.equal(churn([broken, ...rates(140, 140)], rates(1, 100, 100)), "1.4× reached");
  assert.equal(churn([broken, broken], rates(100, 100)), undefined);
});

Deno.test("every failed request counts against the goal of none", () => {
  const text = "256 connections, failed requests";
  const run = (postern: Sample[]) => results({ "get-256": { postern } });
  assert.equal(outcome(run(rates(1, 1, 1)), text), "0 reached");
  assert.equal(outcome(run([broken, broken, broken]), text), "3 missed");
});

Deno.test("added latency is what comes on top of the direct way", () => {
  const p50 = (value: number): Sample[] => [{ ok: true, rate: 1, p50: value }];
  const ways = { direct: p50(20), postern: p50(50), haproxy: p50(60) };
  const text = "1 connection, added latency to HAProxy's";
  assert.equal(outcome(results({ "get-1": ways }), text), "0.75× reached");
});

Deno.test("memory and start-up are held against figures of their own", () => {
  const files = { own: 0, files: 0 };
  const run = results({}, {
    startUp: { postern: [140, 160, 170] },
    memory: {
      postern: {
        ...{ ok: true, idle: files, afterLoad: files, perConnection: 2048, perServed: 0 },
        ...{ failed: 0, rateMeanwhile: 1 },
      },
    },
  });
  assert.equal(outcome(run, "an idle connection"), "2 KiB reached");
  assert.equal(outcome(run, "idle connections that failed"), "0 reached");
  assert.equal(outcome(run, "start-up to the first byte"), "160 ms noisy");
});

Deno.test("nothing measured, no goals", () => {
  assert.deepEqual(goals(results({})), []);
});
