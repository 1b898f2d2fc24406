import { type AuditRecord, readRecord } from "./audit_record.ts";

/** How long the records of an event may take to come, in milliseconds. */
const WAIT_MS = 1000;
/** Events that are not whole yet. */
const MOST = 1024;

/**
 * Puts the records of events together: those of different events may stand between each other. PROCTITLE is the last one that
 * the kernel writes of a call (audit_log_exit, kernel/auditsc.c), EOE ends those that have it.
 */
export class AuditEvents {
  readonly #whole: (records: readonly AuditRecord[]) => void;
  readonly #open = new Map<string, { records: AuditRecord[]; since: number }>();

  constructor(whole: (records: readonly AuditRecord[]) => void) {
    this.#whole = whole;
  }

  take(line: string, now = performance.now()): void {
    const record = readRecord(line);
    if (record === undefined) return;
    const { id, type } = record;
    const event = this.#open.get(id);
    // Rules with another key fill the log, too: only events that begin with a call can be ours.
    if (event === undefined && type !== "SYSCALL") return;
    if (event === undefined) this.#open.set(id, { records: [record], since: now });
    else event.records.push(record);
    if (type === "PROCTITLE" || type === "EOE") this.#give(id);
    if (this.#open.size > MOST) this.#give(this.#open.keys().next().value!);
  }

  /** Gives what has waited for long enough as it is. */
  flush(now = performance.now()): void {
    for (const [id, { since }] of this.#open) {
      if (now - since >= WAIT_MS) this.#give(id);
    }
  }

  #give(id: string): void {
    const event = this.#open.get(id);
    this.#open.delete(id);
    if (event !== undefined) this.#whole(event.records);
  }
}
