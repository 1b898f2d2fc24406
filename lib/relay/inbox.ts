import { headEnd } from "../http/fields.ts";
import { Memory } from "../linux/memory.ts";
import { BLOCKED, type Endpoint } from "./endpoint.ts";
import { scratch } from "./flow.ts";

/** One read takes no more: what is behind a head waits in the kernel, where it holds its sender up. */
const READ = 16 * 1024;
const nothing = new Memory(new Uint8Array(1));

/**
 * What has come from one side and is not taken yet: part of a head, or what follows it. The bytes stand in the shared scratch
 * memory until `keep` is called, which must happen before anybody else reads; memory of its own it has only for what is left over.
 */
export class Inbox {
  memory = nothing;
  /** The bytes from `start` to `end` are not taken yet. */
  start = 0;
  end = 0;
  /** Where the search for the end of a head goes on, so that each byte is looked at once. */
  #searched = 0;
  #headEnd = -1;

  get bytes(): Uint8Array<ArrayBuffer> {
    return this.memory.bytes;
  }

  get length(): number {
    return this.end - this.start;
  }

  /** The index behind a whole head, or -1. */
  findHead(): number {
    if (this.#headEnd < 0) {
      // An end can begin up to three bytes before those that came last.
      this.#headEnd = headEnd(this.bytes, Math.max(this.start, this.#searched - 3), this.end);
      this.#searched = this.end;
    }
    return this.#headEnd;
  }

  /** Reads what is there: the number of bytes, 0 at the end, BLOCKED or FAILED. */
  fill(from: Endpoint): number {
    if (!from.readable) return BLOCKED;
    if (this.start === this.end) this.#place(scratch, 0, 0);
    else this.#makeRoom();
    const n = from.receive(this.memory, this.end, READ);
    if (n > 0) this.end += n;
    return n;
  }

  /** Takes what stands before `index`. */
  take(index: number): void {
    this.start = index;
    this.#searched = index;
    this.#headEnd = -1;
  }

  /** Puts bytes there that came in another way. It must be empty. */
  put(memory: Memory): void {
    this.#place(memory, 0, memory.bytes.length);
  }

  /** Moves what is not taken out of the shared memory; where nothing is left, no memory is held. */
  keep(): void {
    if (this.start === this.end) this.clear();
    else if (this.memory === scratch) this.#move(this.bytes.slice(this.start, this.end));
  }

  /** Forgets everything. */
  clear(): void {
    this.#place(nothing, 0, 0);
  }

  #makeRoom(): void {
    if (this.bytes.length - this.end >= READ) return;
    const larger = new Uint8Array(this.length * 2 + READ);
    larger.set(this.bytes.subarray(this.start, this.end));
    this.#move(larger);
  }

  /** The same content at the beginning of other bytes. */
  #move(bytes: Uint8Array<ArrayBuffer>): void {
    const { start, length } = this;
    this.memory = new Memory(bytes);
    this.start = 0;
    this.end = length;
    this.#searched -= start;
    if (this.#headEnd >= 0) this.#headEnd -= start;
  }

  #place(memory: Memory, start: number, end: number): void {
    this.memory = memory;
    this.start = start;
    this.end = end;
    this.#searched = start;
    this.#headEnd = -1;
  }
}
