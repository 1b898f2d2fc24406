import type { RequestHead } from "../http/request_head.ts";
import type { Judged, Judgement } from "./judge.ts";

/** One allowed request and its answer, while they pass. */
export interface Exchange {
  /** What its id in records and messages is made of. */
  readonly number: number;
  readonly head: RequestHead;
  readonly judgement: Judgement;
  /** Milliseconds on the loop's clock, at the decision. */
  readonly startedAt: number;
  /** The request's bytes are all delivered, or nobody wants them any more. */
  requestDone: boolean;
  /** The engine stopped taking the request's body; what still comes is dropped. */
  requestRefused: boolean;
  /** The last status that went to the client; 0 before the first. */
  status: number;
  /** Bytes of interim responses: a client that does not read them must not make us hold any number. */
  interim: number;
  /** The final response's head has been passed on. */
  answered: boolean;
  responseDone: boolean;
  /** The response ends with the engine's connection. */
  untilClose: boolean;
  /** The engine's connection can serve another request. */
  upstreamKeeps: boolean;
  /** It went out on a connection that had served another before. */
  reused: boolean;
  /** The client was told, or has said, that the connection ends with this exchange. */
  clientKeeps: boolean;
}

export function newExchange(number: number, judged: Judged, now: number): Exchange {
  const { head, judgement } = judged;
  return {
    number,
    head,
    judgement,
    startedAt: now,
    requestDone: false,
    requestRefused: false,
    status: 0,
    interim: 0,
    answered: false,
    responseDone: false,
    untilClose: false,
    // A body has a connection of its own, so that no disagreement about its end can reach another request.
    upstreamKeeps: head.body === 0,
    reused: false,
    clientKeeps: head.keepAlive,
  };
}
