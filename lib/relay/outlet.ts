import { Memory } from "../linux/memory.ts";
import { BLOCKED, type Endpoint, FAILED } from "./endpoint.ts";

/** What is on its way to an endpoint: bytes that it does not take at once wait here, and nothing else is taken meanwhile. */
export class Outlet {
  readonly #to: Endpoint;
  #pending: Memory | undefined;
  #sent = 0;
  /** Bytes that the endpoint has taken. */
  moved = 0;
  /** The endpoint takes no more; what still comes is dropped. */
  failed = false;

  constructor(to: Endpoint) {
    this.#to = to;
  }

  /** Nothing waits. */
  get empty(): boolean {
    return this.#pending === undefined;
  }

  /** Sends what waits; true when all of it is gone. */
  flush(): boolean {
    if (this.#pending === undefined) return true;
    const { length } = this.#pending.bytes;
    const n = this.#send(this.#pending, this.#sent, length - this.#sent);
    this.#sent += n;
    if (!this.failed && this.#sent < length) return false;
    this.#pending = undefined;
    return true;
  }

  /** Sends from the memory's first byte on, behind what waits; what must wait is copied. */
  offer(memory: Memory, length: number): void {
    if (this.failed || length === 0) return;
    const sent = this.#pending === undefined ? this.#send(memory, 0, length) : 0;
    if (this.failed || sent === length) return;
    const waiting = this.#pending?.bytes.subarray(this.#sent) ?? new Uint8Array();
    const joined = new Uint8Array(waiting.length + length - sent);
    joined.set(waiting);
    joined.set(memory.bytes.subarray(sent, length), waiting.length);
    this.#pending = new Memory(joined);
    this.#sent = 0;
  }

  #send(memory: Memory, offset: number, length: number): number {
    const n = this.#to.send(memory, offset, length);
    if (n === FAILED) this.failed = true;
    if (n === FAILED || n === BLOCKED) return 0;
    this.moved += n;
    return n;
  }
}
