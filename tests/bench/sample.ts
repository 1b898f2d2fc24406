/** One run of one workload over one way: measured, or failed and then without a figure that could be compared. */
export type Sample = Measured | Failed;

export interface Measured {
  readonly ok: true;
  /** Work done in a second: requests, or gigabytes. */
  readonly rate: number;
  /** Processor time of the relay for one unit of work, in microseconds (a request, a mebibyte). */
  readonly cpu?: number;
  /** The middle latency of a request, in microseconds. */
  readonly p50?: number;
}

export interface Failed {
  readonly ok: false;
  /** Requests, connections or streams that failed. */
  readonly failed: number;
  readonly reason: string;
}

/** What a run did: of `amount` units of work (requests, MiB) all that did not fail, in `seconds`. */
export interface Work {
  readonly amount: number;
  readonly failed: number;
  readonly seconds: number;
  /** Processor seconds of the relay. */
  readonly cpu?: number;
  readonly p50?: number;
}

/** A sample of a run, `unit` units of work being 1 of its rate. */
export function sample(work: Work, unit = 1): Sample {
  const { amount, failed, seconds, cpu, p50 } = work;
  if (failed > 0) {
    const reason = `${failed.toLocaleString("en")} of ${amount.toLocaleString("en")} failed`;
    return { ok: false, failed, reason };
  }
  return {
    ok: true,
    rate: amount / unit / seconds,
    ...(cpu === undefined ? {} : { cpu: cpu * 1e6 / amount }),
    ...(p50 === undefined ? {} : { p50 }),
  };
}

/** Those that can be compared. */
export function measured(samples: readonly Sample[]): Measured[] {
  return samples.filter((sample) => sample.ok);
}

/** Those that cannot. */
export function failed(samples: readonly Sample[]): Failed[] {
  return samples.filter((sample) => !sample.ok);
}
