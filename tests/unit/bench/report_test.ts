import assert from "node:assert/strict";
import { renderReport } from "../../bench/report.ts";
import type { Results } from "../../bench/results.ts";
import type { Workload } from "../../bench/workloads/workload.ts";
import { broken, rates, results } from "./fakes.ts";

const golden = new URL("./report.txt", import.meta.url);

function workload(name: string, title: string, more: Partial<Workload> = {}): Workload {
  return {
    ...{ name, title, unit: "requests/s", upstream: "engine", ways: [], ...more },
    run: () => Promise.reject(new Error("nothing is run here")),
  };
}

const workloads = [
  workload("churn", "A connection for each", { note: "What to know of it." }),
  workload("length", "1 GiB download", { unit: "GB/s" }),
  workload("mix", "Not measured"),
];

const quiet: Results = results({
  churn: {
    direct: rates(20_000, 20_100, 19_900, 20_000, 20_000),
    postern: [10_000, 10_100, 9_900, 10_200, 10_000].map((rate) => ({
      ...{ ok: true, rate, cpu: 30, p50: 90.5 },
    })),
    haproxy: [5_000, 5_000, 5_000, 5_000, 5_000].map((rate) => ({
      ...{ ok: true, rate, cpu: 60, p50: 120 },
    })),
    socat: [broken, broken, ...rates(2_000, 2_000, 2_000)],
    systemd: [broken, broken, broken, broken, broken],
  },
  length: { postern: rates(2.5, 2.5, 2.6, 2.5, 2.5), haproxy: rates(1.25, 1.25, 1.25, 1.25, 1.25) },
}, {
  ways: { direct: "the engine itself", postern: "Postern, no log" },
  startUp: { postern: [140, 141, 142], haproxy: [] },
  memory: {
    postern: {
      ok: true,
      idle: { own: 30 * 2 ** 20, files: 45 * 2 ** 20 },
      afterLoad: { own: 31 * 2 ** 20, files: 45 * 2 ** 20 },
      ...{ perConnection: 2048, perServed: 3584, failed: 0, rateMeanwhile: 31_000 },
    },
    haproxy: { ok: false, failed: 1, reason: "haproxy does not start" },
  },
});

Deno.test("a report shows goals, medians, spreads, ratios and failures (UPDATE_GOLDEN=1 writes it)", () => {
  const report = renderReport(quiet, workloads);
  if (Deno.env.get("UPDATE_GOLDEN") === "1") Deno.writeTextFileSync(golden, report);
  assert.equal(report, Deno.readTextFileSync(golden));
});

Deno.test("a report says for which ways the machine was too noisy to tell", () => {
  const noisy = results({
    churn: { postern: rates(50, 100, 100, 150, 200), haproxy: rates(100, 100, 100, 100, 100) },
  });
  const report = renderReport(noisy, workloads);
  assert.match(report, /\*\*The machine was too noisy to tell\*\* for churn \(postern\)\./);
  assert.doesNotMatch(report, /quiet enough/);
});

Deno.test("a way that failed is not called noisy, nor does it have a rate", () => {
  const report = renderReport(
    results({ churn: { socat: [broken, broken, broken, broken, broken] } }),
    workloads,
  );
  assert.match(report, /quiet enough/);
  assert.match(report, /\| socat \| failed \| 5 of 5 rounds: 3 of 16 failed \|/);
});

Deno.test("a report of too few rounds does not say how noisy the machine was", () => {
  const report = renderReport(results({ churn: { postern: rates(1) } }, { rounds: 1 }), workloads);
  assert.match(report, /Too few rounds to tell/);
  assert.match(report, /\| postern \| 1 \|/);
});

Deno.test("a report of a trial says so", () => {
  const report = renderReport(results({}, { scale: 0.05 }), workloads);
  assert.match(report, /\*\*A trial with 0\.05 of each load\.\*\*/);
});
