import type { Assignment, Operation } from "../policy/types.ts";
import {
  type AuditRecord,
  type LineParts,
  lineParts,
  type RecordedRequest,
} from "../audit/record.ts";
import type { Admitted, Gatekeeper } from "./gatekeeper.ts";
import type { Judged, Judgement } from "./judge.ts";

/** What a decision or an end adds to what is known of the connection. */
export type Recorded = Omit<
  AuditRecord,
  "time" | "id" | "event" | "policy" | "mode" | "listener"
>;

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

  /**
   * That a request is relayed: the same for every such request, but for its time and id, where nothing was filled in. False when
   * it must not be relayed, since it cannot be recorded.
   */
  allowed(number: number, judged: Judged, added: readonly string[] = []): boolean {
    if (!this.on) return true;
    const parts = added.length > 0
      ? this.#relayed(judged, added)
      : judged.allowed ??= this.#relayed(judged, added);
    return this.#addFirst(this.#gatekeeper.idOf(number), parts);
  }

  /** As `allowed`, for what is not made of a request. */
  connected(id: string, record: Recorded): boolean {
    return !this.on || this.#addFirst(id, this.#parts("decision", record));
  }

  #relayed({ head, judgement }: Judged, added: readonly string[]): LineParts {
    const { decision } = judgement;
    return this.#parts("decision", {
      ...(decision.allow
        ? { decision: "allow" }
        : { decision: "would-deny", reason: decision.reason }),
      rule: decision.rule,
      request: describeRequest(head.method, judgement),
      added,
    });
  }

  decision(id: string, record: Recorded): void {
    if (this.on) this.#add(id, this.#parts("decision", record));
  }

  /** The end of what an earlier decision allowed. `startedAt`: performance.now() then. */
  end(id: string, record: Recorded, startedAt: number): void {
    const durationMs = Math.round(performance.now() - startedAt);
    if (this.on) this.#add(id, this.#parts("end", { ...record, durationMs }));
  }

  #parts(event: AuditRecord["event"], record: Recorded): LineParts {
    const { policy } = this.#assignment;
    return lineParts({ event, policy: policy.name, mode: policy.mode, ...record });
  }

  #addFirst(id: string, parts: LineParts): boolean {
    return this.#gatekeeper.recordFirst(parts, id, this.#listener, this.#peerJson);
  }

  #add(id: string, parts: LineParts): void {
    this.#gatekeeper.record(parts, id, this.#listener, this.#peerJson);
  }
}

/** What is said where `audit: {required: true}` keeps a request from being relayed. */
export const UNRECORDED = {
  rule: "audit.required",
  reason: "the audit log cannot be written, and nothing may be relayed without a record",
  hint: "Postern's log says why it cannot be written; it is tried again all the time",
} as const;

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
