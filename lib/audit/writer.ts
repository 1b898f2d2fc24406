import { Memory } from "../linux/memory.ts";
import { FileSink, type Tell } from "./file.ts";
import type { AuditLog } from "./log.ts";
import { type Sink, StreamSink } from "./sink.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Characters that wait for the end of a turn at the most, and that one write takes; more are written at once. */
const MOST = 64 * 1024;
/** Characters that are kept while the log cannot be written, for each worker. */
const KEPT = 1024 * 1024;
/** How often a log that could not be written is tried again, in milliseconds: a full file system may take long to say so. */
export const RETRY_MS = 100;

/**
 * Collects audit lines and writes them in one go: the relay calls `flush` once a turn of its loop, before it waits again.
 * A reader that is slow holds the gate up, so that records keep pace with what is relayed. What cannot be written is kept, up
 * to a bound, and written in its order later.
 */
export class AuditWriter {
  #lines = "";
  #failing = false;
  #retryAt = 0;
  #lost = 0;
  readonly #required: boolean;
  readonly #sink: Sink;
  readonly #tell: Tell;
  /** A character is three bytes at the most: those of four are two to JavaScript. */
  readonly #memory = new Memory(new Uint8Array(MOST * 3));

  /** The descriptor is not closed here. `tell` hears once when writing fails, and once when it works again. */
  constructor({ fd, required, file }: AuditLog, tell: Tell) {
    this.#required = required;
    this.#sink = file === undefined ? new StreamSink(fd) : new FileSink(file, tell);
    this.#tell = tell;
  }

  /** Lines wait that could not be written: `flush` should be called again within RETRY_MS. */
  get behind(): boolean {
    return this.#failing && this.#lines !== "";
  }

  add(line: string): void {
    if (this.#failing && this.#lines.length + line.length > KEPT) {
      this.#lost++;
      return;
    }
    this.#lines += line;
    if (this.#lines.length > MOST) this.flush();
  }

  /**
   * Adds the record of what is about to be relayed. Where records are required it is written before this returns, or false
   * says that it was not, and never will be: then nothing may be relayed.
   */
  precede(line: string): boolean {
    if (!this.#required) {
      this.add(line);
      return true;
    }
    if (this.#failing && performance.now() < this.#retryAt) return false;
    this.#lines += line;
    this.flush();
    if (this.#lines === "") return true;
    this.#lines = this.#lines.slice(0, -line.length);
    return false;
  }

  flush(): void {
    if (this.#lines === "" || (this.#failing && performance.now() < this.#retryAt)) return;
    while (this.#lines !== "") if (!this.#writeSome()) return this.#failed();
    if (!this.#failing) return;
    this.#failing = false;
    this.#tell("warning", `audit records are written again; ${lost(this.#lost)}`);
    this.#lost = 0;
  }

  /** Writes what is left, for the last time. */
  end(): void {
    this.#retryAt = 0;
    this.flush();
    if (this.#lines === "") return;
    this.#lost += this.#lines.split("\n").length - 1;
    this.#tell("warning", `the audit log could not be written to the end; ${lost(this.#lost)}`);
  }

  /** False when the log took less than it was given. */
  #writeSome(): boolean {
    const lines = this.#lines;
    const end = lines.length <= MOST ? lines.length : chunkEnd(lines);
    const chunk = end === lines.length ? lines : lines.slice(0, end);
    const memory = chunk.length <= MOST ? this.#memory : new Memory(encoder.encode(chunk));
    const length = memory === this.#memory
      ? encoder.encodeInto(chunk, memory.bytes).written
      : memory.bytes.length;
    const written = this.#sink.put(memory, length);
    const rest = written === length ? "" : decoder.decode(memory.bytes.subarray(written, length));
    this.#lines = rest + lines.slice(end);
    return written === length;
  }

  #failed(): void {
    this.#retryAt = performance.now() + RETRY_MS;
    if (this.#failing) return;
    this.#failing = true;
    const consequence = this.#required
      ? "nothing is relayed until they can be"
      : "the gate goes on without";
    this.#tell(
      "warning",
      `audit records cannot be written: ${this.#sink.failure}; ${consequence}; the next ` +
        `${KEPT / 1024} KiB of a worker are kept`,
    );
  }
}

/** As many whole lines as one write takes, or one that is longer. */
function chunkEnd(lines: string): number {
  const last = lines.lastIndexOf("\n", MOST - 1);
  return (last >= 0 ? last : lines.indexOf("\n")) + 1;
}

function lost(count: number): string {
  return count === 0 ? "none was lost" : count === 1 ? "1 was lost" : `${count} were lost`;
}
