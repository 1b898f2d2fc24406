import { errno, SystemError } from "../linux/errno.ts";
import { close, eventfd, O_APPEND, O_CREAT, O_WRONLY, open, signalEventfd } from "../linux/io.ts";
import type { Gate as Rules } from "../policy/types.ts";
import { unlinkSocket } from "./bind.ts";
import type { Order, PlannedListener, Report } from "./plan.ts";
import {
  closeListeners,
  isSameListener,
  type ListenerOptions,
  openListeners,
  type Standing,
} from "./standing.ts";
import { Usage } from "./quota.ts";
import { takeWorker } from "./workers.ts";

/** What a gate needs to stand; the loaded configuration has this shape. */
export interface GateOptions {
  readonly listeners: readonly ListenerOptions[];
  readonly gate: Rules;
  readonly audit:
    | { readonly to: "stderr" }
    | { readonly to: "off" }
    | { readonly to: "file"; readonly path: string };
  readonly workers: number;
}

/** What a running gate tells. */
export interface GateEvents {
  log(level: "info" | "warning", message: string): void;
  /** A worker died: the gate must not go on half-dead. */
  failed(error: Error): void;
}

/** A worker's fault: the gate cannot stand without it. */
export class WorkerError extends Error {
  override readonly name = "WorkerError";
}

/** What came of new rules. */
export interface Applied {
  /** Exchanges that were ended because the rules do not allow them any more. */
  readonly revoked: number;
  /** Names of listeners. */
  readonly opened: readonly string[];
  readonly closed: readonly string[];
}

interface Hand {
  readonly worker: Worker;
  readonly wakeFd: number;
  /** Those who wait for the worker to have taken up new rules, in the order in which they were posted. */
  readonly replacing: ((revoked: number) => void)[];
}

/** Records hold who did what: readable for their owner and group only. */
const AUDIT_MODE = 0o640;
/** A worker that does not stop in this time is ended, in milliseconds. */
const STOP_TIMEOUT_MS = 2000;

/** A standing gate: its sockets are open and its workers serve them. */
export class Gate {
  #standing: readonly Standing[];
  readonly #hands: readonly Hand[];
  readonly #auditFd: number;
  readonly #usage: Usage;

  private constructor(
    standing: readonly Standing[],
    hands: readonly Hand[],
    auditFd: number,
    usage: Usage,
  ) {
    this.#standing = standing;
    this.#hands = hands;
    this.#auditFd = auditFd;
    this.#usage = usage;
  }

  /** Opens everything, or nothing: throws the first error with every socket removed again. */
  static async open(options: GateOptions, events: GateEvents): Promise<Gate> {
    const { workers } = options;
    const usage = new Usage();
    const gate = usage.counted(options.gate);
    const auditFd = openAudit(options.audit);
    let standing: Standing[] = [];
    try {
      standing = openListeners(options.listeners);
      const shared = workers > 1;
      const plans = Array.from({ length: workers }, (_, worker) => (
        { listeners: planFor(standing, worker, workers), gate, auditFd, shared }
      ));
      const hands = await Promise.all(plans.map((plan) => hire(plan, events)));
      return new Gate(standing, hands, auditFd, usage);
    } catch (error) {
      closeListeners(standing);
      closeAudit(auditFd);
      throw error;
    }
  }

  /**
   * Lets every worker judge by other rules from its next turn on. A listener with any difference is another one: its connections
   * end, and so do those of one that is gone. With `revoke`, so does what runs and would not be allowed any more. Throws with
   * nothing changed when a socket cannot be opened.
   */
  async apply(
    { listeners, gate: rules }: Pick<GateOptions, "listeners" | "gate">,
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
    const opened = openListeners(fresh, new Set(standing.map(({ options }) => options.socket)));
    this.#standing = [...kept, ...opened];
    const plans = this.#hands.map((_, worker) =>
      planFor(this.#standing, worker, this.#hands.length)
    );
    const counts = await Promise.all(this.#hands.map((hand, worker) => {
      const { promise, resolve } = Promise.withResolvers<number>();
      hand.replacing.push(resolve);
      tell(hand, { type: "rules", gate, listeners: plans[worker]!, revoke });
      return promise;
    }));
    const gone = standing.filter((one) => !kept.includes(one));
    closeListeners(gone);
    return {
      revoked: counts.reduce((sum, count) => sum + count, 0),
      opened: opened.map(({ options }) => options.name),
      closed: gone.map(({ options }) => options.name),
    };
  }

  /** Ends every connection, writes what is still to be recorded, and removes the sockets that are still ours. */
  async close(): Promise<void> {
    for (const { bound } of this.#standing) unlinkSocket(bound);
    await Promise.all(this.#hands.map(dismiss));
    closeListeners(this.#standing);
    closeAudit(this.#auditFd);
  }
}

function planFor(
  standing: readonly Standing[],
  worker: number,
  workers: number,
): PlannedListener[] {
  return standing.map(({ options, bound }) => ({
    name: options.name,
    path: options.socket,
    fd: bound.fd,
    protocol: options.protocol,
    upstream: options.upstream,
    ...(options.maxConnections === undefined
      ? {}
      : { maxConnections: shareOf(options.maxConnections, worker, workers) }),
  }));
}

/** What one of several workers has of a number: the shares differ by one at most, and their sum is the number. */
function shareOf(number: number, worker: number, workers: number): number {
  return Math.floor(number / workers) + (worker < number % workers ? 1 : 0);
}

function openAudit(audit: GateOptions["audit"]): number {
  if (audit.to === "off") return -1;
  if (audit.to === "stderr") return 2;
  const fd = open(audit.path, O_WRONLY | O_CREAT | O_APPEND, AUDIT_MODE);
  if (fd < 0) throw new SystemError("open audit file", audit.path, errno());
  return fd;
}

function closeAudit(fd: number): void {
  if (fd > 2) close(fd);
}

/** Starts a worker and waits until it serves. Rejects with a WorkerError when it fails before that. */
function hire(
  plan: Omit<Extract<Order, { type: "plan" }>["plan"], "wakeFd">,
  events: GateEvents,
): Promise<Hand> {
  const worker = takeWorker();
  const wakeFd = eventfd();
  if (wakeFd < 0) throw new SystemError("eventfd", "", errno());
  const hand: Hand = { worker, wakeFd, replacing: [] };
  const { promise, resolve, reject } = Promise.withResolvers<Hand>();
  let serves = false;
  worker.onmessage = ({ data }: MessageEvent<Report>) => {
    if (data.type === "ready") {
      serves = true;
      resolve(hand);
    } else if (data.type === "replaced") hand.replacing.shift()?.(data.revoked);
    else if (data.type === "log") events.log(data.level, data.message);
  };
  worker.onerror = (event) => {
    event.preventDefault();
    const error = new WorkerError(`the relay's worker failed: ${event.message}`);
    if (serves) events.failed(error);
    else reject(error);
  };
  worker.postMessage({ type: "plan", plan: { ...plan, wakeFd } } satisfies Order);
  return promise;
}

/** Posts an order and calls the worker to it. */
function tell({ worker, wakeFd }: Hand, order: Order): void {
  worker.postMessage(order);
  signalEventfd(wakeFd);
}

/** Tells a worker to stop and waits until it has. */
async function dismiss(hand: Hand): Promise<void> {
  const { worker, wakeFd, replacing } = hand;
  const { promise, resolve } = Promise.withResolvers<void>();
  worker.onmessage = ({ data }: MessageEvent<Report>) => {
    if (data.type === "stopped") resolve();
  };
  tell(hand, { type: "stop" });
  const timer = setTimeout(resolve, STOP_TIMEOUT_MS);
  await promise;
  clearTimeout(timer);
  worker.terminate();
  for (const done of replacing.splice(0)) done(0);
  close(wakeFd);
}
