import type { Policy } from "../policy/types.ts";
import type { Deadline } from "./deadlines.ts";
import type { Exchange } from "./exchange.ts";
import type { Judged } from "./judge.ts";
import type { Loop } from "./loop.ts";
import type { Quota } from "./quota.ts";
import { lasts } from "./recorder.ts";

/** A request that is over one of its policy's limits. */
export interface Excess {
  readonly status: 413 | 429;
  /** The key of the limit in the policy. */
  readonly limit: string;
  readonly reason: string;
  /** Seconds; where waiting helps. */
  readonly retryAfter?: number;
}

/** The rule and the reason of a denial for an excess. */
export function againstLimits(
  { name }: Policy,
  { limit, reason }: Excess,
): { readonly rule: string; readonly reason: string } {
  return { rule: `limits of policy ${name}`, reason: `${limit}: ${reason}` };
}

/** What a connection is told when its time is over. */
export interface Timed {
  /** Nothing was asked for too long. */
  idled(): void;
  /** An answer has taken too long, or nothing has moved on a stream. `reason` says which limit it was. */
  timedOut(reason: string): void;
  close(): void;
  /** Bytes moved so far. */
  readonly moved: number;
}

/** What one connection takes of its policy's limits, and gives back. */
export class Allowance {
  readonly #loop: Loop;
  readonly #timed: Timed;
  /** Where this connection was counted; it stays counted there until it ends, whatever policy it has by then. */
  #connected: Quota | undefined;
  #streaming: Quota | undefined;
  #timer: Deadline | undefined;

  constructor(loop: Loop, timed: Timed) {
    this.#loop = loop;
    this.#timed = timed;
  }

  /** Counts the connection where there is room for one more, and starts its idle time. */
  connect(quota: Quota): void {
    if (this.#connected === undefined && quota.connect()) this.#connected = quota;
    this.idle(quota);
  }

  /** Why a request may not go on, or undefined; then it is counted. */
  ask(quota: Quota, { head, judgement }: Judged, now: number): Excess | undefined {
    const { connections, body, streams, requests_per_second } = quota.limits;
    if (this.#connected === undefined) {
      if (!quota.connect()) {
        const reason = `${connections} connections are open already`;
        return { status: 429, limit: "connections", reason, retryAfter: 1 };
      }
      this.#connected = quota;
    }
    const wait = quota.request(now);
    if (wait > 0) {
      const reason = `more than ${requests_per_second} requests a second`;
      return { status: 429, limit: "requests_per_second", reason, retryAfter: wait };
    }
    if (body !== undefined && head.body > body) {
      const reason = `a body of ${head.body} bytes is over ${body}`;
      return { status: 413, limit: "body", reason };
    }
    if (lasts(judgement.operation) && judgement.status === 0) {
      if (!quota.openStream()) {
        const reason = `${streams} streams are open already`;
        return { status: 429, limit: "streams", reason, retryAfter: 1 };
      }
      this.#streaming = quota;
    }
    this.#stopTimer();
    return undefined;
  }

  /** The same for a connection that is one stream from its beginning (a raw listener). */
  askRaw(quota: Quota): Excess | undefined {
    this.connect(quota);
    const { connections, streams, stream_idle } = quota.limits;
    const room = this.#connected !== undefined && quota.openStream();
    if (!room) {
      const limit = this.#connected === undefined ? "connections" : "streams";
      const reason = `${limit === "streams" ? streams : connections} are open already`;
      return { status: 429, limit, reason };
    }
    this.#streaming = quota;
    this.#stopTimer();
    if (stream_idle !== undefined) this.#watch(stream_idle, -1);
    return undefined;
  }

  /** An exchange begins: its time runs, or that of its silence. */
  begin({ limits }: Quota, { judgement }: Exchange): void {
    if (!lasts(judgement.operation)) {
      const { time } = limits;
      if (time === undefined) return;
      this.#after(time, () => this.#timed.timedOut(`time: no whole answer within ${time} s`));
    } else if (limits.stream_idle !== undefined) this.#watch(limits.stream_idle, -1);
  }

  /** The exchange is over, or was not begun. */
  end(): void {
    this.#stopTimer();
    this.#streaming?.closeStream();
    this.#streaming = undefined;
  }

  /** The connection waits for its next request. */
  idle({ limits }: Quota): void {
    this.#stopTimer();
    if (limits.idle !== undefined) this.#after(limits.idle, () => this.#timed.idled());
  }

  close(): void {
    this.end();
    this.#connected?.disconnect();
    this.#connected = undefined;
  }

  #watch(seconds: number, before: number): void {
    const { moved } = this.#timed;
    if (moved === before) {
      this.#timed.timedOut(`stream_idle: nothing has moved for ${seconds} s`);
    } else this.#after(seconds, () => this.#watch(seconds, moved));
  }

  #after(seconds: number, expire: () => void): void {
    this.#timer = this.#loop.after(seconds * 1000).add({
      expire,
      close: () => this.#timed.close(),
    });
  }

  #stopTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
