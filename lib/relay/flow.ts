import type { ChunkedScanner } from "../http/chunked.ts";
import { HeadError } from "../http/fields.ts";
import { BLOCKED, type Endpoint, FAILED } from "./endpoint.ts";
import { Memory } from "../linux/memory.ts";
import { MAX_SPLICE } from "../linux/io.ts";
import { givePipe, type Pipe, takePipe } from "./pipes.ts";

/** How a pump ended: */
export const WAITING = 0; // an event will tell when to go on
export const TIRED = 1; // there is more to do, but others are waiting
export const ENDED = 2; // the message is complete and delivered
export const SOURCE_CLOSED = 3; // the source ended first; everything before is delivered
export const SOURCE_FAILED = 4;
export const SINK_FAILED = 5;

/** Rounds before other connections get their turn. */
const ROUNDS = 16;
/** A read this long says that more is coming in bulk; then bytes go through a pipe and never through this process. */
const BULK_READ = 64 * 1024;
/** A stream that brings less at a time is no bulk any more. */
const DIALOGUE = 4 * 1024;
/** A body that is known to be this long goes through a pipe from the start. */
const BULK_BODY = 256 * 1024;

/** Everybody reads into the same memory: what cannot be passed on at once is copied out of it. */
export const scratch = new Memory(new Uint8Array(256 * 1024));

/**
 * One direction of a connection: takes bytes from an endpoint until its message ends and gives them to another. It holds one
 * bounded buffer, and takes nothing while that is not delivered.
 */
export class Flow {
  /** Bytes of the current message that are still to come: a number, or Infinity until the source ends. */
  left = 0;
  /** Follows a chunked message, whose end its own bytes tell. */
  scanner: ChunkedScanner | undefined;
  /** What followed the end of a chunked message in the same read. */
  surplus: Memory | undefined;
  /** Bytes taken since the counter was last reset. */
  taken = 0;
  /** As many may be taken of a message that does not say its length; then it throws a HeadError. */
  most = Infinity;

  /** What waits to be delivered, from `#sent` on. */
  #pending: Memory | undefined;
  #sent = 0;
  #pipe: Pipe | undefined;
  #inPipe = 0;
  #bulk = false;

  /** Nothing is waiting to be delivered. */
  get delivered(): boolean {
    return this.#pending === undefined && this.#inPipe === 0;
  }

  /** The message that `begin` announced has been taken whole. */
  get complete(): boolean {
    return this.scanner === undefined ? this.left === 0 : this.scanner.done;
  }

  /** Announces a message: its length, or the scanner that will find its end. */
  begin(left: number, scanner?: ChunkedScanner): void {
    this.left = left;
    this.scanner = scanner;
    this.#bulk = scanner === undefined && left >= BULK_BODY && left !== Infinity;
  }

  /** Delivers bytes that were made or read elsewhere, behind those that wait already. They are copied where they must wait. */
  offer(memory: Memory, start: number, end: number, to: Endpoint): number {
    let sent = 0;
    if (this.delivered) {
      sent = to.send(memory, start, end - start);
      if (sent === FAILED) return SINK_FAILED;
      if (sent < 0) sent = 0;
    }
    this.taken += sent;
    if (sent === end - start) return ENDED;
    this.postpone(memory, start + sent, end);
    return WAITING;
  }

  /** Keeps a copy of bytes for later delivery. */
  postpone({ bytes }: Memory, start: number, end: number): void {
    const waiting = this.#pending?.bytes.subarray(this.#sent);
    this.taken += end - start;
    if (start === end) return;
    const joined = new Uint8Array((waiting?.length ?? 0) + end - start);
    if (waiting !== undefined) joined.set(waiting);
    joined.set(bytes.subarray(start, end), waiting?.length ?? 0);
    this.#pending = new Memory(joined);
    this.#sent = 0;
  }

  /** Moves what can be moved. Without a sink the bytes are dropped. Throws a HeadError for broken chunk framing. */
  pump(from: Endpoint, to: Endpoint | undefined): number {
    // What is only dropped is worth nobody's waiting.
    const rounds = to === undefined ? 1 : ROUNDS;
    for (let round = 0; round < rounds; round++) {
      if (!this.delivered) {
        const outcome = to === undefined ? this.#drop() : this.#deliver(to);
        if (outcome !== ENDED) return outcome;
      }
      if (this.complete) return this.#rest(ENDED);
      if (!from.readable) return this.#rest(WAITING);
      const outcome = this.#bulk && to !== undefined
        ? this.#takeBulk(from)
        : this.#takeSmall(from, to);
      if (outcome !== ENDED) return this.#rest(outcome);
    }
    return TIRED;
  }

  /** Forgets what is not delivered, and gives the pipe back. */
  abandon(): void {
    this.#pending = undefined;
    if (this.#pipe !== undefined) givePipe(this.#pipe, this.#inPipe);
    this.#pipe = undefined;
    this.#inPipe = 0;
  }

  #deliver(to: Endpoint): number {
    if (this.#pending !== undefined) {
      const { length } = this.#pending.bytes;
      const n = to.send(this.#pending, this.#sent, length - this.#sent);
      if (n === FAILED) return SINK_FAILED;
      if (n > 0) this.#sent += n;
      if (this.#sent < length) return WAITING;
      this.#pending = undefined;
    }
    while (this.#inPipe > 0) {
      const n = to.sendFrom(this.#pipe!.readEnd, this.#inPipe);
      if (n === FAILED || n === 0) return SINK_FAILED;
      if (n === BLOCKED) return WAITING;
      this.#inPipe -= n;
    }
    return ENDED;
  }

  #drop(): number {
    this.abandon();
    return ENDED;
  }

  #takeBulk(from: Endpoint): number {
    this.#pipe ??= takePipe();
    if (this.#pipe === undefined) {
      this.#bulk = false;
      return ENDED;
    }
    const n = from.receiveInto(this.#pipe.writeEnd, Math.min(this.left, MAX_SPLICE));
    if (n === FAILED) return SOURCE_FAILED;
    if (n === 0) return SOURCE_CLOSED;
    if (n === BLOCKED) {
      // The pipe is empty here, so it is the source that has no more.
      from.readable = from.finished;
      return WAITING;
    }
    // A stream that has become a dialogue does better without a pipe.
    if (n < DIALOGUE && this.left === Infinity) this.#bulk = false;
    this.#inPipe = n;
    this.left -= n;
    this.taken += n;
    return ENDED;
  }

  #takeSmall(from: Endpoint, to: Endpoint | undefined): number {
    const { bytes } = scratch;
    const room = this.scanner === undefined ? Math.min(this.left, bytes.length) : bytes.length;
    const n = from.receive(scratch, 0, room);
    if (n === FAILED) return SOURCE_FAILED;
    if (n === BLOCKED) return WAITING;
    if (n === 0) return SOURCE_CLOSED;
    let end = n;
    if (this.scanner === undefined) {
      this.left -= n;
      this.#bulk = n >= BULK_READ && this.left > BULK_READ;
    } else {
      end = this.scanner.feed(bytes, 0, n);
      if (this.taken + end > this.most) throw new HeadError("a body that is too long", 413);
      if (end < n) this.surplus = new Memory(bytes.slice(end, n));
    }
    if (to === undefined) {
      this.taken += end;
      return ENDED;
    }
    return this.offer(scratch, 0, end, to) === SINK_FAILED ? SINK_FAILED : ENDED;
  }

  /** A flow that waits with nothing in its pipe lets others use it. */
  #rest(outcome: number): number {
    if (this.#pipe !== undefined && this.#inPipe === 0) {
      givePipe(this.#pipe, 0);
      this.#pipe = undefined;
    }
    return outcome;
  }
}
