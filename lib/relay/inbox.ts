import { headEnd } from "../http/fields.ts";
import { BLOCKED, type Endpoint } from "./endpoint.ts";
import { scratch } from "./flow.ts";

/** One read takes no more: what is behind a head waits in the kernel, where it holds its sender up. */
const READ = 16 * 1024;
const nothing = new Uint8Array(0);

/**
 * What has come from one side and is not taken yet: part of a head, or what follows it. The bytes stand in the shared scratch
 * memory until `keep` is called, which must happen before anybody else reads; memory of its own it has only for what is left over.
 */
export class Inbox {
  bytes: Uint8Array<ArrayBuffer> = nothing;
  /** The bytes from `start` to `end` are not taken yet. */
  start = 0;
  end = 0;
  /** Where the search for the end of a head goes on, so that each byte is looked at once. */
  #searched = 0;
  #headEnd = -1;

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
    if (this.start === this.end) this.#place(scratch, 0);
    else this.#makeRoom();
    const { bytes, end } = this;
    const n = from.receive(end === 0 ? bytes : bytes.subarray(end), READ);
    if (n > 0) this.end = end + n;
    return n;
  }

  /** Takes what stands before `index`. */
  take(index: number): void {
    this.start = index;
    this.#searched = index;
    this.#headEnd = -1;
  }

  /** Puts bytes there that came in another way. It must be empty. */
  put(bytes: Uint8Array<ArrayBuffer>): void {
    this.#place(bytes, bytes.length);
  }

  /** Moves what is not taken out of the shared memory. */
  keep(): void {
    if (this.bytes !== scratch) return;
    const { start, end } = this;
    if (start === end) return this.#place(nothing, 0);
    this.#move(scratch.slice(start, end));
  }

  /** Forgets everything. */
  clear(): void {
    this.#place(nothing, 0);
  }

  #makeRoom(): void {
    if (this.bytes.length - this.end >= READ) return;
    const larger = new Uint8Array(this.length * 2 + READ);
    larger.set(this.bytes.subarray(this.start, this.end));
    this.#move(larger);
  }

  #move(to: Uint8Array<ArrayBuffer>): void {
    const { start, length } = this;
    this.bytes = to;
    this.start = 0;
    this.end = length;
    this.#searched -= start;
    if (this.#headEnd >= 0) this.#headEnd -= start;
  }

  #place(bytes: Uint8Array<ArrayBuffer>, end: number): void {
    this.bytes = bytes;
    this.start = 0;
    this.end = end;
    this.#searched = 0;
    this.#headEnd = -1;
  }
}
