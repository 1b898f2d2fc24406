import type { Results } from "../../bench/results.ts";
import type { Sample } from "../../bench/sample.ts";

/** Samples that worked, with these rates. */
export function rates(...values: number[]): Sample[] {
  return values.map((rate) => ({ ok: true, rate }));
}

export const broken: Sample = { ok: false, failed: 3, reason: "3 of 16 failed" };

/** Results of five rounds with these samples and nothing else. */
export function results(samples: Results["samples"], more: Partial<Results> = {}): Results {
  return {
    date: "2026-01-31",
    machine: "2 processors (Z80), Linux 6.1",
    versions: "haproxy 2.6, Deno 2.9",
    rounds: 5,
    scale: 1,
    ways: {},
    samples,
    startUp: {},
    memory: {},
    ...more,
  };
}
