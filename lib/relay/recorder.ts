import type { Assignment, Operation } from "../policy/types.ts";
import type { AuditRecord, RecordedRequest } from "../audit/record.ts";
import type { Admitted, Gatekeeper } from "./gatekeeper.ts";
import type { Exchange } from "./exchange.ts";
import type { Judgement } from "./judge.ts";

/** What a decision or an end adds to what is known of the connection. */
export type Recorded = Omit<AuditRecord, "time" | "event" | "policy" | "mode" | "listener">;

/** Writes the audit records of one connection; costs nothing where nothing is recorded. */
export class Recorder {
  readonly #gatekeeper: Gatekeeper;
  readonly #peerJson: string;
  readonly #assignment: Assignment;
  readonly #listener: string;

  constructor(gatekeeper: Gatekeeper, admitted: Admitted, listener: string) {
    this.#gatekeeper = gatekeeper;
    this.#peerJson = admitted.peerJson;
    this.#assignment = admitted.assignment;
    this.#listener = listener;
  }

  /** Whether anybody reads what is recorded. */
  get on(): boolean {
    return this.#peerJson !== "";
  }

  /** That a request is relayed. */
  allowed({ number, head, judgement }: Exchange): void {
    this.#add("decision", {
      id: this.#gatekeeper.idOf(number),
      decision: "allow",
      rule: judgement.decision.rule,
      request: describeRequest(head.method, judgement),
    });
  }

  decision(record: Recorded): void {
    this.#add("decision", record);
  }

  /** The end of what an earlier decision allowed. `startedAt`: performance.now() then. */
  end(record: Recorded, startedAt: number): void {
    const durationMs = Math.round(performance.now() - startedAt);
    this.#add("end", { ...record, durationMs });
  }

  #add(event: AuditRecord["event"], record: Recorded): void {
    if (!this.on) return;
    const { policy } = this.#assignment;
    this.#gatekeeper.record(this.#peerJson, {
      time: Date.now(),
      event,
      policy: policy.name,
      mode: policy.mode,
      listener: this.#listener,
      ...record,
    });
  }
}

/** What a record says of a judged request. */
export function describeRequest(method: string, judgement: Judgement): RecordedRequest {
  const { path, operation, apiVersion } = judgement;
  return {
    method,
    path,
    ...(operation === undefined ? {} : { operation: operation.name }),
    ...(apiVersion === undefined ? {} : { apiVersion }),
  };
}

/** Whether an exchange is worth a line at its end too: what can go on for long. */
export function lasts(operation: Operation | undefined): boolean {
  return operation?.stream === true || operation?.hijack === true;
}
