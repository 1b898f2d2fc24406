/** A process's memory at a time. */
export interface Sample {
  readonly seconds: number;
  /** So far. */
  readonly requests: number;
  readonly residentMiB: number;
}

/**
 * How fast memory grows, in bytes a request: the slope of the line through the samples that is nearest to them (least squares).
 * What V8 takes to itself at the beginning and keeps is no growth any more in a second half; a leak is.
 */
export function growth(samples: readonly Sample[]): number {
  const mean = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const requests = samples.map((sample) => sample.requests);
  const bytes = samples.map(({ residentMiB }) => residentMiB * 1024 * 1024);
  const [x, y] = [mean(requests), mean(bytes)];
  const along = requests.reduce((sum, value, i) => sum + (value - x) * (bytes[i]! - y), 0);
  return along / requests.reduce((sum, value) => sum + (value - x) ** 2, 0);
}

/** The later half of what was measured. */
export function laterHalf(samples: readonly Sample[]): readonly Sample[] {
  return samples.slice(Math.floor(samples.length / 2));
}
