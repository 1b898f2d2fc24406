import { errno, SystemError } from "../linux/errno.ts";
import { close, eventfd, signalEventfd } from "../linux/io.ts";
import { type FarEnd, holdsConnection } from "../peer/far_end.ts";
import { NameService } from "../peer/name_service.ts";
import { Looks } from "./looks.ts";
import type { Order, Report } from "./plan.ts";
import { takeWorker } from "./workers.ts";

/** What a running gate tells. */
export interface GateEvents {
  log(level: "info" | "warning", message: string): void;
  /** A worker died: the gate must not go on half-dead. */
  failed(error: Error): void;
  /** Whether a container holds a connection; the kernel is asked unless somebody else knows. */
  holds?(end: FarEnd): Promise<boolean | undefined>;
}

/** A worker's fault: the gate cannot stand without it. */
export class WorkerError extends Error {
  override readonly name = "WorkerError";
}

/** A worker as the main thread has it. */
export interface Hand {
  readonly worker: Worker;
  readonly wakeFd: number;
  /** Those who wait for orders to be carried out, in the order in which they were posted. */
  readonly waiting: ((revoked: number) => void)[];
  /** Settled when nobody is left, after `retire`. */
  readonly retired: PromiseWithResolvers<void>;
  /** It is told nothing more. */
  dismissed: boolean;
}

const nameService = new NameService();
const looks = new Looks();

/** A worker that does not stop in this time is ended, in milliseconds. */
const STOP_TIMEOUT_MS = 2000;

/** Starts a worker and waits until it serves. Rejects with a WorkerError when it fails before that. */
export function hire(
  plan: Omit<Extract<Order, { type: "plan" }>["plan"], "wakeFd">,
  events: GateEvents,
): Promise<Hand> {
  const worker = takeWorker();
  const wakeFd = eventfd();
  if (wakeFd < 0) throw new SystemError("eventfd", "", errno());
  const hand: Hand = {
    worker,
    wakeFd,
    waiting: [],
    retired: Promise.withResolvers(),
    dismissed: false,
  };
  const { promise, resolve, reject } = Promise.withResolvers<Hand>();
  const { holds = holdsConnection } = events;
  let serves = false;
  worker.onmessage = ({ data }: MessageEvent<Report>) => {
    if (data.type === "ready") {
      serves = true;
      resolve(hand);
    } else if (data.type === "done") hand.waiting.shift()?.(data.revoked);
    else if (data.type === "retired") hand.retired.resolve();
    else if (data.type === "nameless") {
      const { question } = data;
      nameService.ask(question, (name) => {
        if (!hand.dismissed) ask(hand, { type: "name", question, name });
      });
    } else if (data.type === "far-end") {
      const { number, end } = data;
      looks.add(
        end.containers[0] ?? "",
        () => hand.dismissed ? Promise.resolve(undefined) : holds(end),
        (holds) => void (hand.dismissed || ask(hand, { type: "far-end", number, holds })),
      );
    } else if (data.type === "log") events.log(data.level, data.message);
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
export function tell({ worker, wakeFd }: Hand, order: Order): void {
  worker.postMessage(order);
  signalEventfd(wakeFd);
}

/** As `tell`, and waits until the order is carried out: how many exchanges it ended. */
export function ask(hand: Hand, order: Order): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  hand.waiting.push(resolve);
  tell(hand, order);
  return promise;
}

/** Tells a worker to stop and waits until it has. */
export async function dismiss(hand: Hand): Promise<void> {
  const { worker, wakeFd, waiting } = hand;
  hand.dismissed = true;
  const { promise, resolve } = Promise.withResolvers<void>();
  worker.addEventListener("message", ({ data }: MessageEvent<Report>) => {
    if (data.type === "stopped") resolve();
  });
  tell(hand, { type: "stop" });
  const timer = setTimeout(resolve, STOP_TIMEOUT_MS);
  await promise;
  clearTimeout(timer);
  worker.terminate();
  for (const done of waiting.splice(0)) done(0);
  close(wakeFd);
}
