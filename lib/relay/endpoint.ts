import { EPOLLERR, EPOLLET, EPOLLHUP, EPOLLIN, EPOLLOUT, EPOLLRDHUP } from "../linux/epoll.ts";
import type { Epoll } from "../linux/epoll.ts";
import { EAGAIN, EINTR, errno } from "../linux/errno.ts";
import { read, splice, write } from "../linux/io.ts";

/** The call would block: an event will tell when to go on. */
export const BLOCKED = -1;
/** The call failed for good; the other side is gone. */
export const FAILED = -2;

/** Edge-triggered, so that a waiting side costs nothing and one epoll_ctl(2) a connection is enough. */
const INPUT = EPOLLIN | EPOLLRDHUP | EPOLLET;

const probe = new Uint8Array(1);

/** Whoever is told when an endpoint can go on. */
export interface Owner {
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
  owner: Owner = { run() {}, close() {} };
  /** Bytes or an end may be waiting. */
  readable = true;
  /** The other side will send no more: after what is waiting comes the end. */
  finished = false;
  /** The other side has closed both ways. */
  gone = false;
  /** The last write was short, EPOLLOUT will tell when there is room. */
  full = false;
  /** Descriptors and urgent bytes may come with the data: then a read ends where they are, and more may be waiting (unix(7)). */
  splits = false;

  readonly #epoll: Epoll;

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
    if (this.full && (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) !== 0) {
      this.full = false;
      this.#epoll.modify(this.fd, INPUT);
    }
  }

  /** Bytes read into `into`, 0 at the end, BLOCKED or FAILED. A short read on a stream socket has emptied it (epoll(7)). */
  receive(into: Uint8Array<ArrayBuffer>, length: number): number {
    const n = this.#settle(() => read(this.fd, into, length));
    if (n === BLOCKED || (n > 0 && n < length && !this.finished && !this.splits)) {
      this.readable = false;
    }
    return n;
  }

  /** Whether nothing at all is waiting to be read, not even the end. What is read to find out is lost. */
  isQuiet(): boolean {
    return !this.readable || this.receive(probe, probe.length) === BLOCKED;
  }

  /** Bytes moved into a pipe, as `receive`; BLOCKED may also mean that the pipe is full. */
  receiveInto(pipe: number, length: number): number {
    return this.#settle(() => splice(this.fd, pipe, length));
  }

  /** Bytes taken, BLOCKED or FAILED. After a short write EPOLLOUT is armed. */
  send(from: Uint8Array<ArrayBuffer>, length: number): number {
    if (this.full) return BLOCKED;
    const n = this.#settle(() => write(this.fd, from, length));
    if (n !== FAILED && n < length) this.#awaitRoom();
    return n;
  }

  /** As `send`, out of a pipe that holds `length` bytes. */
  sendFrom(pipe: number, length: number): number {
    if (this.full) return BLOCKED;
    const n = this.#settle(() => splice(pipe, this.fd, length));
    if (n === BLOCKED) this.#awaitRoom();
    return n;
  }

  #awaitRoom(): void {
    this.full = true;
    this.#epoll.modify(this.fd, INPUT | EPOLLOUT);
  }

  #settle(call: () => number): number {
    for (let attempt = 0;; attempt++) {
      const n = call();
      if (n >= 0) return n;
      const code = errno();
      if (code === EAGAIN) return this.gone ? FAILED : BLOCKED;
      if (code !== EINTR && attempt > 0) return FAILED;
    }
  }
}
