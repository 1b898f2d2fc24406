import type { AuditLine } from "../support/gate.ts";
import { tagPattern } from "./tags.ts";

/** What clients know of their requests, to be held against the audit log. */
export class Ledger {
  /** By tag: whether an answer's head came, which the gate can send only once it has decided. */
  readonly #answered = new Map<string, boolean>();
  /** Answers and exchanges by kind of traffic. */
  readonly counts = new Map<string, { whole: number; failed: number; cut: number }>();
  /** Streams of bytes that are no request: sent, and answered with 400. */
  garbage = { sent: 0, refused: 0 };
  /** Connections by TLS that were begun, and those that the client has seen made. */
  tls = { begun: 0, made: 0 };
  /** What must never happen. */
  readonly wrong: string[] = [];

  get requests(): number {
    return this.#answered.size;
  }

  /** From now on the gate may have read it. */
  sent(tag: string): void {
    this.#answered.set(tag, false);
  }

  /** The gate has read it. */
  answered(tag: string): void {
    this.#answered.set(tag, true);
  }

  /** How an exchange ended: with its answer, with an answer of the gate's that the engine cannot be used, or in the middle. */
  ended(kind: string, how: "whole" | "failed" | "cut"): void {
    let counts = this.counts.get(kind);
    if (counts === undefined) this.counts.set(kind, counts = { whole: 0, failed: 0, cut: 0 });
    counts[how]++;
  }

  sum(how: "whole" | "failed" | "cut"): number {
    return [...this.counts.values()].reduce((sum, counts) => sum + counts[how], 0);
  }

  /** What the audit log says otherwise: each request has one decision if it was answered, and one at most if it was cut off. */
  differences(lines: readonly AuditLine[]): string[] {
    const found: string[] = [];
    const ids = new Set<string>();
    const left = new Map(this.#answered);
    let malformed = 0;
    let atTheDoor = 0;
    for (const { event, id, request, rule, status } of lines) {
      if (event !== "decision") continue;
      if (ids.has(id)) found.push(`the id ${id} is that of two decisions`);
      ids.add(id);
      const tag = tagPattern.exec(request.path ?? "")?.[1];
      if (rule === "tls") atTheDoor++;
      else if (tag === undefined) {
        if (status === 400) malformed++;
        else found.push(`a decision about what nobody asked: ${JSON.stringify(request)}`);
      } else if (!left.delete(tag)) found.push(`a second decision, or one about nobody's: ${tag}`);
    }
    for (const line of lines) {
      if (line.event === "end" && !ids.has(line.id)) {
        found.push(`an end without a decision: ${line.id}`);
      }
    }
    for (const [tag, answered] of left) {
      if (answered) found.push(`no decision about ${tag}, which was answered`);
    }
    const { sent, refused } = this.garbage;
    if (malformed < refused || malformed > sent) {
      found.push(`${malformed} decisions about garbage: ${refused} refused of ${sent} sent`);
    }
    // Who has seen the connection made may be nobody whom the gate has let in.
    if (atTheDoor > this.tls.begun) found.push(`${atTheDoor} of ${this.tls.begun} by TLS refused`);
    return found;
  }
}
