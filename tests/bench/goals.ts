import { cpu, ratios } from "./ratios.ts";
import type { Results } from "./results.ts";
import { failed } from "./sample.ts";
import { judge, median, type Verdict } from "./statistics.ts";

/** What Postern is to reach: a ratio to a peer in the same round, or a figure of its own. */
export interface Goal {
  readonly text: string;
  /** What was measured, one value a round. */
  readonly values: readonly number[];
  readonly goal: number;
  readonly kind: "least" | "most";
  readonly unit: string;
}

/** A goal with how far it is reached. */
export interface Reached extends Goal {
  readonly value: number;
  readonly verdict: Verdict;
}

/** The goals of which something was measured, with their verdicts. */
export function goals(results: Results): Reached[] {
  return list(results).filter(({ values }) => values.length > 0).map((goal) => ({
    ...goal,
    value: median(goal.values),
    verdict: judge(goal.values, goal.goal, goal.kind),
  }));
}

function list(results: Results): Goal[] {
  const { startUp } = results;
  const memory = results.memory["postern"];
  const ratio = (workload: string, peer: string) => ratios(results, workload, "postern", peer);
  const cost = (variant: string, workload: string) => ratios(results, workload, variant, "postern");
  const least = (text: string, values: readonly number[], goal: number): Goal => ({
    ...{ text, values, goal, kind: "least", unit: "×" },
  });
  const most = (text: string, values: readonly number[], goal: number, unit = "×"): Goal => ({
    ...{ text, values, goal, kind: "most", unit },
  });
  const streams = [
    { name: "length", title: "Content-Length", haproxy: 2, socat: 4 },
    { name: "attach", title: "hijacked", haproxy: 2, socat: 4 },
    { name: "chunked", title: "chunked download", haproxy: 1.3, socat: 2.5 },
    { name: "load", title: "chunked upload", haproxy: 1.3, socat: 2.5 },
  ];
  return [
    least("16 connections, requests/s to HAProxy", ratio("get-16", "haproxy"), 1.15),
    most(
      "the same, processor time a request",
      ratios(results, "get-16", "postern", "haproxy", cpu),
      0.85,
    ),
    least(
      "16 connections, both logging, requests/s to HAProxy",
      ratios(results, "get-16", "postern-audit", "haproxy-log"),
      1,
    ),
    most("1 connection, added latency to HAProxy's", addedLatency(results), 1),
    least("256 connections, requests/s to HAProxy", ratio("get-256", "haproxy"), 1.1),
    most("256 connections, failed requests", failures(results, "get-256"), 0, ""),
    least("a connection for each, to HAProxy", ratio("churn", "haproxy"), 1.3),
    least("a connection for each, to socat", ratio("churn", "socat"), 3),
    ...streams.flatMap(({ name, title, haproxy, socat }) => [
      least(`1 GiB ${title}, to HAProxy`, ratio(name, "haproxy"), haproxy),
      least(`1 GiB ${title}, to socat`, ratio(name, "socat"), socat),
    ]),
    least("POST of 8 KiB, to HAProxy", ratio("post-8k", "haproxy"), 1),
    least("the same, to HAProxy as shipped", ratio("post-8k", "haproxy-shipped"), 1),
    least(
      "8 KiB judged, to HAProxy unread",
      ratios(results, "post-8k", "postern-judging", "haproxy"),
      0.8,
    ),
    least(
      "the same, to HAProxy as shipped",
      ratios(results, "post-8k", "postern-judging", "haproxy-shipped"),
      0.8,
    ),
    least(
      "the same with 10,000 rules in the policy, to none",
      ratios(results, "post-8k", "postern-10000-patterns", "postern-judging"),
      0.9,
    ),
    least("10,000 client rules, to none", cost("postern-10000-rules", "get-16"), 0.9),
    least("1,000 client rules, to none", cost("postern-1000-rules", "get-16"), 0.9),
    least("the same, a connection for each", cost("postern-1000-rules", "churn"), 0.9),
    least("50 listeners more, to one", cost("postern-50-listeners", "get-16"), 0.9),
    ...(memory?.ok !== true ? [] : [
      most("an idle connection", [memory.perConnection / 1024], 4, " KiB"),
      most("idle connections that failed", [memory.failed], 0, ""),
    ]),
    most("start-up to the first byte", startUp["postern"] ?? [], 150, " ms"),
  ];
}

/** What the median request takes longer than directly, as a ratio to the same of HAProxy. */
function addedLatency({ samples }: Results): number[] {
  const way = (name: string) =>
    (samples["get-1"]?.[name] ?? []).map((sample) => sample.ok ? sample.p50 ?? NaN : NaN);
  const [postern, haproxy, direct] = [way("postern"), way("haproxy"), way("direct")];
  return postern.map((p50, i) => (p50 - direct[i]!) / (haproxy[i]! - direct[i]!))
    .filter(Number.isFinite);
}

function failures({ samples }: Results, workload: string): number[] {
  const list = samples[workload]?.["postern"] ?? [];
  return list.map((sample) => failed([sample])[0]?.failed ?? 0);
}
