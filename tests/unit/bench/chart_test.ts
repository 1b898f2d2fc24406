import assert from "node:assert/strict";
import { renderChart } from "../../bench/chart.ts";
import type { Workload } from "../../bench/workloads/workload.ts";
import { broken, rates, results } from "./fakes.ts";

const workloads: Workload[] = [
  {
    ...{ name: "get", title: "GET <small> & more", unit: "requests/s", upstream: "engine" },
    ways: [],
    run: () => Promise.reject(new Error("nothing is run here")),
  },
];

function texts(svg: string): string[] {
  return [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text!);
}

Deno.test("the chart has a bar with its ratio to HAProxy for every relay, and says of one that failed", () => {
  const svg = renderChart(
    results({ get: { haproxy: rates(10, 20), postern: rates(15, 30), socat: [broken, broken] } }),
    workloads,
  );
  const shown = texts(svg).join(" ");
  assert.match(shown, /GET &lt;small> &amp; more postern 1\.50 haproxy 1\.00 socat failed$/);
});

Deno.test("the chart sets what Postern writes to its log beside what HAProxy writes to its own", () => {
  const svg = renderChart(
    results({ get: { "haproxy": rates(9), "haproxy-log": rates(4), "postern-audit": rates(5) } }),
    workloads,
  );
  const shown = texts(svg).join(" ");
  assert.match(shown, /GET &lt;small> &amp; more, both logging postern 1\.25 haproxy 1\.00$/);
});
