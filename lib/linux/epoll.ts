import { errno, SystemError } from "./errno.ts";
import { libc } from "./libc.ts";

export const EPOLLIN = 0x001;
export const EPOLLOUT = 0x004;
export const EPOLLERR = 0x008;
export const EPOLLHUP = 0x010;
export const EPOLLRDHUP = 0x2000;
export const EPOLLEXCLUSIVE = 1 << 28;
export const EPOLLET = 1 << 31;

const EPOLL_CLOEXEC = 0o2000000;
const CTL_ADD = 1;
const CTL_DEL = 2;
const CTL_MOD = 3;

// struct epoll_event is packed on x86-64 only (epoll_ctl(2), <sys/epoll.h>): 12 bytes there, 16 elsewhere.
const packed = Deno.build.arch === "x86_64";
const STRIDE = packed ? 3 : 4;
const DATA = packed ? 1 : 2;

/** One epoll instance; the data of every event is the descriptor it was registered for. */
export class Epoll {
  readonly #fd: number;
  readonly #change = new Int32Array(STRIDE);
  readonly #changeBytes = new Uint8Array(this.#change.buffer);
  readonly #ready: Int32Array;
  readonly #readyBytes: Uint8Array<ArrayBuffer>;
  readonly #capacity: number;

  /** `capacity`: how many events one wait can bring. */
  constructor(capacity: number) {
    this.#fd = libc.epoll_create1(EPOLL_CLOEXEC);
    if (this.#fd < 0) throw new SystemError("epoll_create1", "", errno());
    this.#capacity = capacity;
    const ready = new Int32Array(STRIDE * capacity);
    this.#ready = ready;
    this.#readyBytes = new Uint8Array(ready.buffer);
  }

  /** 0, or -1 and errno (ENOSPC, ENOMEM). */
  add(fd: number, events: number): number {
    return this.#control(CTL_ADD, fd, events);
  }

  modify(fd: number, events: number): number {
    return this.#control(CTL_MOD, fd, events);
  }

  remove(fd: number): number {
    return this.#control(CTL_DEL, fd, 0);
  }

  /** How many events are ready, after at most `timeout` milliseconds (-1: no limit). A signal counts as none. */
  wait(timeout: number): number {
    return Math.max(0, libc.epoll_wait(this.#fd, this.#readyBytes, this.#capacity, timeout));
  }

  /** The events of the i-th ready descriptor. */
  events(i: number): number {
    return this.#ready[i * STRIDE]!;
  }

  /** The i-th ready descriptor. */
  fd(i: number): number {
    return this.#ready[i * STRIDE + DATA]!;
  }

  #control(operation: number, fd: number, events: number): number {
    this.#change[0] = events;
    this.#change[DATA] = fd;
    return libc.epoll_ctl(this.#fd, operation, fd, this.#changeBytes);
  }
}
