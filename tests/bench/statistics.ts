/** The middle value; the mean of the two middle ones. NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return NaN;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The value below which `part` (0 to 1) of the others are. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * part;
  const [low, high] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!];
  return low + (high - low) * (at - Math.floor(at));
}

/** Half of the values lie within this part of their median: 0.1 for ±5 %. */
export function spread(values: readonly number[]): number {
  return (quantile(values, 0.75) - quantile(values, 0.25)) / median(values);
}

/** Whether a goal is reached. "noisy": the middle half of the rounds lies on both sides of it. */
export type Verdict = "reached" | "missed" | "noisy";

/** Holds one ratio a round against a goal. */
export function judge(ratios: readonly number[], goal: number, kind: "least" | "most"): Verdict {
  const [low, high] = [quantile(ratios, 0.25), quantile(ratios, 0.75)];
  const good = kind === "least" ? low >= goal : high <= goal;
  const bad = kind === "least" ? high < goal : low > goal;
  return good ? "reached" : bad ? "missed" : "noisy";
}
