import type { Results } from "./results.ts";
import type { Measured } from "./sample.ts";

/** Reads a figure of a sample. */
export type Read = (sample: Measured) => number | undefined;
export const rate: Read = (sample) => sample.rate;
export const cpu: Read = (sample) => sample.cpu;

/** One ratio a round, so that what slowed a whole round down cancels out; rounds in which either failed are left out. */
export function ratios(
  { samples }: Results,
  workload: string,
  a: string,
  b: string,
  read: Read = rate,
): number[] {
  const [above, below] = [samples[workload]?.[a] ?? [], samples[workload]?.[b] ?? []];
  return above.flatMap((top, round) => {
    const bottom = below[round];
    if (!top.ok || bottom?.ok !== true) return [];
    const ratio = (read(top) ?? NaN) / (read(bottom) ?? NaN);
    return Number.isFinite(ratio) ? [ratio] : [];
  });
}
