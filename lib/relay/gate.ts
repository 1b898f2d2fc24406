import { type AuditLog, closeAuditLog, openAuditLog, reopenAuditLog } from "../audit/log.ts";
import type { AuditTarget } from "../audit/target.ts";
import type { Gate as Rules } from "../policy/types.ts";
import { SHUT_RD, shutdown } from "../linux/socket.ts";
import { unlinkSocket } from "./bind.ts";
import { Census, type ConnectionLimits } from "./census.ts";
import type { HandedOver } from "./handed_over.ts";
import { ask, dismiss, type GateEvents, type Hand, hire } from "./hand.ts";
import type { PlannedListener } from "./plan.ts";
import {
  closeListeners,
  isSameListener,
  type ListenerOptions,
  openListeners,
  type Standing,
} from "./standing.ts";
import { Usage } from "./quota.ts";
import { Upkeep } from "./upkeep.ts";

/** What a gate needs to stand; the loaded configuration has this shape. */
export interface GateOptions extends ConnectionLimits {
  readonly listeners: readonly ListenerOptions[];
  readonly gate: Rules;
  readonly audit: AuditTarget;
  readonly workers: number;
  /** What the plugin of the engine at `upstream` wants in every head (`Upstream`). */
  readonly seal?: { readonly upstream: string; readonly line: string };
  /** Sockets that were opened before the process began. */
  readonly handedOver?: readonly HandedOver[];
}

/** What came of new rules. */
export interface Applied {
  /** Exchanges that were ended because the rules do not allow them any more. */
  readonly revoked: number;
  /** Names of listeners. */
  readonly opened: readonly string[];
  readonly closed: readonly string[];
}

/** A standing gate: its sockets are open and its workers serve them. */
export class Gate {
  #standing: readonly Standing[];
  readonly #hands: readonly Hand[];
  readonly #audit: AuditLog | undefined;
  readonly #handedOver: readonly HandedOver[];
  readonly #seal: GateOptions["seal"];
  readonly #usage: Usage;
  readonly #census: Census;
  readonly #events: GateEvents;
  readonly #upkeep: Upkeep;

  private constructor(
    options: GateOptions,
    events: GateEvents,
    standing: readonly Standing[],
    hands: readonly Hand[],
    audit: AuditLog | undefined,
    usage: Usage,
    census: Census,
  ) {
    this.#standing = standing;
    this.#hands = hands;
    this.#audit = audit;
    this.#handedOver = options.handedOver ?? [];
    this.#seal = options.seal;
    this.#usage = usage;
    this.#census = census;
    this.#events = events;
    this.#upkeep = new Upkeep(
      () => this.#standing,
      (old, next) => this.#move(old, next),
      (level, message) => events.log(level, message),
    );
    this.#reportUnserved();
  }

  /** What is open now. */
  get standing(): readonly Standing[] {
    return this.#standing;
  }

  /** Opens everything, or nothing: throws the first error with every socket removed again. */
  static async open(options: GateOptions, events: GateEvents): Promise<Gate> {
    const { workers } = options;
    const usage = new Usage();
    const gate = usage.counted(options.gate);
    const places = Census.memory();
    const census = new Census(places);
    census.limit(options);
    const audit = openAuditLog(options.audit);
    let standing: Standing[] = [];
    try {
      standing = openListeners(options.listeners, new Map(), options.handedOver);
      const shared = workers > 1;
      const plans = Array.from({ length: workers }, (_, worker) => (
        {
          listeners: planFor(standing, worker, workers, options.seal),
          gate,
          census: places,
          ...(audit === undefined ? {} : { audit }),
          shared,
        }
      ));
      const hands = await Promise.all(plans.map((plan) => hire(plan, events)));
      return new Gate(options, events, standing, hands, audit, usage, census);
    } catch (error) {
      closeListeners(standing);
      closeAuditLog(audit);
      throw error;
    }
  }

  /**
   * Lets every worker judge by other rules from its next turn on. A listener with any difference is another one: its connections
   * end, and so do those of one that is gone. With `revoke`, so does what runs and would not be allowed any more. Throws with
   * nothing changed when a socket cannot be opened.
   */
  async apply(
    { listeners, gate: rules, ...limits }:
      & Pick<GateOptions, "listeners" | "gate">
      & ConnectionLimits,
    revoke: boolean,
  ): Promise<Applied> {
    const gate = this.#usage.counted(rules);
    const standing = this.#standing;
    const kept = standing.filter(({ options }) =>
      listeners.some((wanted) => isSameListener(wanted, options))
    );
    const fresh = listeners.filter((wanted) =>
      !kept.some(({ options }) => isSameListener(wanted, options))
    );
    const used = kept.map(({ handedOver }) => handedOver);
    const opened = openListeners(
      fresh,
      new Map(
        standing.filter(({ handedOver }) => handedOver === undefined)
          .map(({ options, bound }) => [options.socket, bound.fd]),
      ),
      this.#handedOver.filter((socket) => !used.includes(socket)),
    );
    this.#standing = [...kept, ...opened];
    this.#census.limit(limits);
    const plans = this.#hands.map((_, worker) =>
      planFor(this.#standing, worker, this.#hands.length, this.#seal)
    );
    const counts = await Promise.all(
      this.#hands.map((hand, worker) =>
        ask(hand, { type: "rules", gate, listeners: plans[worker]!, revoke })
      ),
    );
    const gone = standing.filter((one) => !kept.includes(one));
    closeListeners(gone);
    this.#reportUnserved();
    return {
      revoked: counts.reduce((sum, count) => sum + count, 0),
      opened: opened.map(({ options }) => options.name),
      closed: gone.map(({ options }) => options.name),
    };
  }

  /** One listener's socket in the place of another's; who is connected may finish what runs. */
  async #move(old: Standing, next: Standing): Promise<void> {
    this.#standing = this.#standing.map((one) => one === old ? next : one);
    const order = { type: "move", from: old.bound.fd, to: next.bound.fd } as const;
    await Promise.all(this.#hands.map((hand) => ask(hand, order)));
    closeListeners([old]);
  }

  /** Whoever connects to a socket that was handed over waits, even where nobody serves it. */
  #reportUnserved(): void {
    for (const socket of this.#handedOver) {
      if (this.#standing.some(({ handedOver }) => handedOver === socket)) continue;
      this.#events.log(
        "warning",
        `${socket.path} (${
          socket.name || "no name"
        }) was handed over, and no listener serves it: ` +
          "give one this path or this name",
      );
    }
  }

  /** Ends when every worker has shown that it works. */
  async alive(): Promise<void> {
    await Promise.all(this.#hands.map((hand) => ask(hand, { type: "ping" })));
  }

  /** Where records go: others of this process can write theirs there, too. */
  get audit(): AuditLog | undefined {
    return this.#audit;
  }

  /**
   * Opens the audit file anew, for a log that was moved away (logrotate(8)): the next record is written to the file that has
   * the name now. Throws a SystemError with the old one still open. False when there is no file.
   */
  reopenAudit(): boolean {
    return reopenAuditLog(this.#audit);
  }

  /**
   * Takes nobody new, lets what runs finish, and ends when nobody is left, which can take for ever. The sockets are removed but
   * for those that were handed over: there, who comes now waits for the next process.
   */
  async drain(): Promise<void> {
    this.#upkeep.close();
    for (const { bound } of this.#standing) unlinkSocket(bound);
    await Promise.all(this.#hands.map((hand) => ask(hand, { type: "retire" })));
    // An address has no name that could be taken away: from now on, who comes is refused.
    for (const { options, bound, handedOver } of this.#standing) {
      if (options.tcp !== undefined && handedOver === undefined) shutdown(bound.fd, SHUT_RD);
    }
    await Promise.all(this.#hands.map((hand) => hand.retired.promise));
  }

  /** Ends every connection, writes what is still to be recorded, and removes the sockets that are still ours. */
  async close(): Promise<void> {
    this.#upkeep.close();
    for (const { bound } of this.#standing) unlinkSocket(bound);
    await Promise.all(this.#hands.map(dismiss));
    closeListeners(this.#standing);
    closeAuditLog(this.#audit);
  }
}

function planFor(
  standing: readonly Standing[],
  worker: number,
  workers: number,
  seal: GateOptions["seal"],
): PlannedListener[] {
  return standing.map(({ options, bound, handedOver }) => ({
    name: options.name,
    path: options.socket,
    fd: bound.fd,
    protocol: options.protocol,
    upstream: options.upstream,
    ...(seal?.upstream === options.upstream ? { seal: seal.line } : {}),
    lasting: handedOver !== undefined,
    ...(options.tcp === undefined ? {} : { tcp: true }),
    ...(options.tls === undefined ? {} : { tls: options.tls }),
    ...(options.maxConnections === undefined
      ? {}
      : { maxConnections: shareOf(options.maxConnections, worker, workers) }),
  }));
}

/** What one of several workers has of a number: the shares differ by one at most, and their sum is the number. */
function shareOf(number: number, worker: number, workers: number): number {
  return Math.floor(number / workers) + (worker < number % workers ? 1 : 0);
}
