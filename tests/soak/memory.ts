/** A process's memory at a time. */
export interface Sample {
  readonly seconds: number;
  /** So far. */
  readonly requests: number;
  /** What it has in RAM. */
  readonly residentMiB: number;
  /** What V8's last full collection left in each isolate, in MiB. */
  readonly live: ReadonlyMap<string, number>;
}

/** So many MiB after so many requests. */
export interface Point {
  readonly requests: number;
  readonly MiB: number;
}

/** What a process has in RAM. */
export const resident = (samples: readonly Sample[]): Point[] =>
  samples.map(({ requests, residentMiB }) => ({ requests, MiB: residentMiB }));

/** What V8 keeps alive in the isolates that it knows of at the first sample: a late one would look like growth. */
export function alive(samples: readonly Sample[]): Point[] {
  const isolates = [...samples[0]?.live.keys() ?? []];
  return samples.map(({ requests, live }) => (
    { requests, MiB: isolates.reduce((sum, isolate) => sum + live.get(isolate)!, 0) }
  ));
}

/**
 * How fast memory grows, in bytes a request: the slope of the line through the points that is nearest to them (least squares).
 * What V8 takes to itself at the beginning and keeps is no growth any more in a second half; a leak is.
 */
export function growth(points: readonly Point[]): number {
  const mean = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const requests = points.map((point) => point.requests);
  const bytes = points.map(({ MiB }) => MiB * 1024 * 1024);
  const [x, y] = [mean(requests), mean(bytes)];
  const along = requests.reduce((sum, value, i) => sum + (value - x) * (bytes[i]! - y), 0);
  return along / requests.reduce((sum, value) => sum + (value - x) ** 2, 0);
}

/** What was measured in the later half of the requests. */
export function laterHalf(samples: readonly Sample[]): readonly Sample[] {
  const most = samples.at(-1)?.requests ?? 0;
  return samples.filter(({ requests }) => requests >= most / 2);
}
