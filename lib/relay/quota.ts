import type { Gate, PolicyLimits } from "../policy/types.ts";

const CONNECTIONS = 0;
const STREAMS = 1;
/** Two 32-bit counters, then a 64-bit time. */
const BYTES = 16;
const TIME_AT = 8;

/** Gives the policies that have limits the memory in which all workers count, by name, so that a reload goes on counting. */
export class Usage {
  readonly #of = new Map<string, SharedArrayBuffer>();

  counted(gate: Gate): Gate {
    const policies = Object.entries(gate.policies).map(([name, policy]) =>
      [
        name,
        policy.limits === undefined ? policy : { ...policy, usage: this.#usage(name) },
      ] as const
    );
    return { ...gate, policies: Object.fromEntries(policies) };
  }

  #usage(name: string): SharedArrayBuffer {
    let usage = this.#of.get(name);
    if (usage === undefined) {
      usage = new SharedArrayBuffer(BYTES);
      this.#of.set(name, usage);
    }
    return usage;
  }
}

/** Holds the users of one policy to its limits, all of them together. */
export class Quota {
  readonly limits: PolicyLimits;
  readonly #counters: Int32Array;
  /** When a request at the configured rate would be due next, in microseconds since 1970. */
  readonly #due: BigInt64Array;

  constructor(limits: PolicyLimits, usage: SharedArrayBuffer) {
    this.limits = limits;
    this.#counters = new Int32Array(usage, 0, 2);
    this.#due = new BigInt64Array(usage, TIME_AT, 1);
  }

  /** Counts a connection; false, and not counted, where there are as many as may be. */
  connect(): boolean {
    return this.#enter(CONNECTIONS, this.limits.connections);
  }

  disconnect(): void {
    Atomics.sub(this.#counters, CONNECTIONS, 1);
  }

  /** The same for a request whose answer can go on for as long as the client stays. */
  openStream(): boolean {
    return this.#enter(STREAMS, this.limits.streams);
  }

  closeStream(): void {
    Atomics.sub(this.#counters, STREAMS, 1);
  }

  /**
   * Whether a request may go on now: 0, or the whole seconds until one may. The generic cell rate algorithm (ITU-T I.371): the
   * rate holds over time, and the requests of one second may come at once.
   */
  request(now: number): number {
    const rate = this.limits.requests_per_second;
    if (rate === undefined) return 0;
    const interval = BigInt(Math.round(1e6 / rate));
    const tolerance = 1_000_000n > interval ? 1_000_000n - interval : 0n;
    const time = BigInt(Math.round(now * 1000));
    while (true) {
      const due = Atomics.load(this.#due, 0);
      // A later time than any request can have left there was left before the clock was set back.
      const isLeft = due > time && due <= time + tolerance + interval;
      const start = isLeft ? due : time;
      if (start - time > tolerance) return Math.ceil(Number(start - time - tolerance) / 1e6);
      if (Atomics.compareExchange(this.#due, 0, due, start + interval) === due) return 0;
    }
  }

  #enter(counter: number, limit = Infinity): boolean {
    if (Atomics.add(this.#counters, counter, 1) < limit) return true;
    Atomics.sub(this.#counters, counter, 1);
    return false;
  }
}
