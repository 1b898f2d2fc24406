import { EPOLLERR, EPOLLET, EPOLLHUP, EPOLLIN, EPOLLOUT, EPOLLRDHUP } from "../linux/epoll.ts";
import type { Epoll } from "../linux/epoll.ts";
import { EAGAIN, EINTR, errno } from "../linux/errno.ts";
import { MAX_SPLICE, receive, send, splice } from "../linux/io.ts";
import { Memory } from "../linux/memory.ts";
import { widen } from "../linux/socket.ts";

/** The call would block: an event will tell when to go on. */
export const BLOCKED = -1;
/** The call failed for good; the other side is gone. */
export const FAILED = -2;

/** Edge-triggered, so that a waiting side costs nothing and one epoll_ctl(2) a connection is enough. */
const INPUT = EPOLLIN | EPOLLRDHUP | EPOLLET;
/** So often EPOLLOUT may tell nobody anything before it is taken back: a stream needs it all the time, a dialogue never. */
const MAX_UNASKED = 8;

/** Before an endpoint has an owner, and never queued. */
const nobody: Owner = { queued: true, run() {}, close() {} };

const probe = new Memory(new Uint8Array(1));

/** Whoever is told when an endpoint can go on. */
export interface Owner {
  /** It runs in this turn already; kept by the loop. */
  queued: boolean;
  run(): void;
  /** Ends it from outside. */
  close(): void;
}

/**
 * One end of a relayed connection: a non-blocking socket and what epoll has said about it. A wrong errno is never fatal: a
 * failure counts only when it repeats itself, and a real one that looks like EAGAIN comes back as EPOLLHUP or EPOLLERR.
 */
export class Endpoint {
  readonly fd: number;
  /** Set by whoever attaches it, and again when an HTTP connection becomes a raw stream. */
  owner: Owner = nobody;
  /** Bytes or an end may be waiting. */
  readable = true;
  /** The other side will send no more: after what is waiting comes the end. */
  finished = false;
  /** The other side has closed both ways. */
  gone = false;
  /** The last write was short, EPOLLOUT will tell when there is room. */
  full = false;
  /** Descriptors and urgent bytes may come with the data: then a read ends where they are, and more may be waiting (unix(7)). */
  #splits = false;
  /** EPOLLOUT is armed. */
  #armed = false;
  /** It came so often while there was room anyway. */
  #unasked = 0;

  readonly #epoll: Epoll;
  #outcome = BLOCKED;

  constructor(fd: number, epoll: Epoll) {
    this.fd = fd;
    this.#epoll = epoll;
  }

  /** Starts listening for events; false when the kernel has no room for another. */
  register(): boolean {
    return this.#epoll.add(this.fd, INPUT) === 0;
  }

  /** Takes in the events of one epoll_wait(2). */
  note(events: number): void {
    if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) !== 0) this.readable = true;
    if ((events & (EPOLLRDHUP | EPOLLHUP)) !== 0) this.finished = true;
    if ((events & (EPOLLHUP | EPOLLERR)) !== 0) this.gone = true;
    if (this.#armed && (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) !== 0) this.#noteRoom();
  }

  /** What has come was not all: from now on a short read says nothing about what is waiting, nor did the last one. */
  expectPieces(): void {
    this.#splits = true;
    this.readable = true;
  }

  /** Bytes read, 0 at the end, BLOCKED or FAILED. A short read on a stream socket has emptied it (epoll(7)). */
  receive(into: Memory, offset: number, length: number): number {
    let n = receive(this.fd, into, offset, length);
    for (let attempt = 0; n < 0 && this.#mayRepeat(attempt); attempt++) {
      n = receive(this.fd, into, offset, length);
    }
    if (n < 0) n = this.#outcome;
    if (n === BLOCKED || (n > 0 && n < length && !this.finished && !this.#splits)) {
      this.readable = false;
    }
    return n;
  }

  /** Whether nothing at all is waiting to be read, not even the end. What is read to find out is lost. */
  isQuiet(): boolean {
    return !this.readable || this.receive(probe, 0, 1) === BLOCKED;
  }

  /** Bytes moved into a pipe, as `receive`; BLOCKED may also mean that the pipe is full. */
  receiveInto(pipe: number, length: number): number {
    return this.#splice(this.fd, pipe, length);
  }

  /** Bytes taken, BLOCKED or FAILED. After a short write an event tells when there is room. */
  send(from: Memory, offset: number, length: number): number {
    if (this.full) return BLOCKED;
    let n = send(this.fd, from, offset, length);
    for (let attempt = 0; n < 0 && this.#mayRepeat(attempt); attempt++) {
      n = send(this.fd, from, offset, length);
    }
    if (n < 0) n = this.#outcome;
    if (n !== FAILED && n < length) this.#awaitRoom();
    return n;
  }

  /** As `send`, all that is in a pipe: `length` bytes. */
  sendFrom(pipe: number, length: number): number {
    if (this.full) return BLOCKED;
    // To ask for more than there is saves to make a bigint of the number.
    const n = this.#splice(pipe, this.fd, MAX_SPLICE);
    if (n !== FAILED && n < length) this.#awaitRoom();
    return n;
  }

  #splice(from: number, to: number, length: number): number {
    let n = splice(from, to, length);
    for (let attempt = 0; n < 0 && this.#mayRepeat(attempt); attempt++) {
      n = splice(from, to, length);
    }
    return n < 0 ? this.#outcome : n;
  }

  #awaitRoom(): void {
    this.full = true;
    this.#unasked = 0;
    if (!this.#armed) widen(this.fd);
    this.#armed = true;
    // Again where it is armed: epoll looks anew then, whatever made the write short.
    this.#epoll.modify(this.fd, INPUT | EPOLLOUT);
  }

  #noteRoom(): void {
    if (!this.full && ++this.#unasked > MAX_UNASKED) {
      this.#armed = false;
      this.#epoll.modify(this.fd, INPUT);
    }
    this.full = false;
  }

  /** After a call has failed: whether it is made again. If not, `#outcome` says what came of it. */
  #mayRepeat(attempt: number): boolean {
    const code = errno();
    if (code === EAGAIN) this.#outcome = this.gone ? FAILED : BLOCKED;
    else if (code === EINTR || attempt === 0) return true;
    else this.#outcome = FAILED;
    return false;
  }
}
