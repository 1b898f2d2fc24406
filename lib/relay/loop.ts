import { type AuditWriter, RETRY_MS as AUDIT_RETRY_MS } from "../audit/writer.ts";
import {
  describeErrno,
  EAGAIN,
  ECONNABORTED,
  EINTR,
  EMFILE,
  errno,
  SystemError,
} from "../linux/errno.ts";
import { Epoll, EPOLLET, EPOLLEXCLUSIVE, EPOLLIN } from "../linux/epoll.ts";
import { close, read } from "../linux/io.ts";
import { accept } from "../linux/socket.ts";
import { Deadlines } from "./deadlines.ts";
import { Endpoint, type Owner } from "./endpoint.ts";

/** Somebody who takes new connections from a listening socket. */
export interface Acceptor {
  readonly fd: number;
  /** May take another now; when it may again, it calls `loop.reopen`. */
  readonly open: boolean;
  /** Whether `open` can ever be false. */
  readonly limited: boolean;
  accepted(fd: number): void;
}

const EVENTS = 512;
const LISTEN = EPOLLIN | EPOLLET;
/** Connections accepted in one turn, so that those that are there already get theirs. */
const ACCEPTS = 64;
/** A busy engine's backlog is asked again after this many milliseconds. */
const RETRY_MS = 10;
/** How long a refused client may go on sending before the connection is closed anyway, in milliseconds. */
const LINGER_MS = 10_000;
/** The operator is told at most so often that there is no room, in milliseconds. */
const TELL_MS = 60_000;

/** How long somebody is waited for, in milliseconds. */
export interface Times {
  /** A client may take from the first byte of a request's head to its last. */
  readonly head: number;
  /** A client may take to send a body that is judged before it is relayed, or one that is refused. */
  readonly body: number;
  /** The engine may take to have room in its backlog. */
  readonly dial: number;
  /** The engine may take to say what an object is that a request names. */
  readonly answer: number;
}

const TIMES: Times = { head: 30_000, body: 60_000, dial: 10_000, answer: 10_000 };

/** The event loop of one worker: the only place that waits. It blocks its thread in epoll_wait(2). */
export class Loop {
  readonly retries = new Deadlines(RETRY_MS);
  readonly lingering = new Deadlines(LINGER_MS);
  readonly times: Times;
  readonly heads: Deadlines;
  readonly bodies: Deadlines;
  readonly answers: Deadlines;
  /** performance.now() when this turn began. */
  now = performance.now();

  readonly #after = new Map<number, Deadlines>();
  readonly #deadlines: Deadlines[];
  readonly #epoll = new Epoll(EVENTS);
  readonly #endpoints: (Endpoint | undefined)[] = [];
  readonly #acceptors = new Map<number, Acceptor>();
  readonly #waiting = new Set<Acceptor>();
  readonly #closing: number[] = [];
  readonly #audit: AuditWriter | undefined;
  readonly #wakeFd: number;
  readonly #shared: boolean;
  readonly #warn: (message: string) => void;
  #runnable: Owner[] = [];
  /** The kernel has no descriptor or memory for another connection just now. */
  #short = false;
  /** performance.now() when the operator was told. */
  #told = -Infinity;

  /** `shared`: other workers take connections from the same listening sockets. */
  constructor(
    wakeFd: number,
    shared: boolean,
    audit: AuditWriter | undefined,
    warn: (message: string) => void,
    times = TIMES,
  ) {
    this.times = times;
    this.heads = new Deadlines(times.head);
    this.bodies = new Deadlines(times.body);
    this.answers = new Deadlines(times.answer);
    this.#deadlines = [this.retries, this.lingering, this.heads, this.bodies, this.answers];
    this.#wakeFd = wakeFd;
    this.#shared = shared;
    this.#audit = audit;
    this.#warn = warn;
    this.#epoll.add(wakeFd, EPOLLIN);
  }

  /**
   * Starts taking connections. Edge-triggered. EPOLLEXCLUSIVE wakes one worker for a connection instead of all
   * (epoll_ctl(2)); where that one could turn out to have no room, all are woken. Throws a SystemError.
   */
  listen(acceptor: Acceptor): void {
    const exclusive = this.#shared && !acceptor.limited ? EPOLLEXCLUSIVE : 0;
    this.#acceptors.set(acceptor.fd, acceptor);
    if (this.#epoll.add(acceptor.fd, LISTEN | exclusive) < 0) {
      throw new SystemError("epoll_ctl", "a listener", errno());
    }
  }

  /** Takes those who wait to be accepted now; false when there was no room for all. */
  sweep(acceptor: Acceptor): boolean {
    this.#waiting.add(acceptor);
    while (this.#waiting.has(acceptor) && !this.#short) this.#accept(acceptor);
    return acceptor.open && !this.#waiting.has(acceptor);
  }

  /** Takes no connections any more; the descriptor is the caller's to close. */
  unlisten(acceptor: Acceptor): void {
    this.#acceptors.delete(acceptor.fd);
    this.#waiting.delete(acceptor);
    this.#epoll.remove(acceptor.fd);
  }

  /** Takes connections again, now that the acceptor has room: epoll tells of those that wait already. */
  reopen(acceptor: Acceptor): void {
    this.#epoll.modify(acceptor.fd, LISTEN);
  }

  /** An acceptor without room leaves the new connections to other workers, or to the backlog. */
  #pause(acceptor: Acceptor): void {
    this.#waiting.delete(acceptor);
    this.#epoll.modify(acceptor.fd, EPOLLET);
  }

  /** Wraps a connected descriptor; undefined, with the descriptor closed, when the kernel takes no more. */
  attach(fd: number): Endpoint | undefined {
    const endpoint = new Endpoint(fd, this.#epoll);
    if (!endpoint.register()) {
      this.#warn(
        "epoll takes no more descriptors: a connection was closed (fs.epoll.max_user_watches)",
      );
      close(fd);
      return undefined;
    }
    this.#endpoints[fd] = endpoint;
    return endpoint;
  }

  /** Closes an endpoint at the end of this turn: until then its number cannot be reused under an event that is still in the batch. */
  release(endpoint: Endpoint): void {
    if (this.#endpoints[endpoint.fd] !== endpoint) return;
    this.#endpoints[endpoint.fd] = undefined;
    this.#closing.push(endpoint.fd);
  }

  again(owner: Owner): void {
    if (owner.queued) return;
    owner.queued = true;
    this.#runnable.push(owner);
  }

  /** Callbacks after so many milliseconds: one queue for each length that a policy names. */
  after(milliseconds: number): Deadlines {
    let deadlines = this.#after.get(milliseconds);
    if (deadlines === undefined) {
      deadlines = new Deadlines(milliseconds);
      this.#after.set(milliseconds, deadlines);
      this.#deadlines.push(deadlines);
    }
    return deadlines;
  }

  /**
   * Runs for good; `turn` is awaited whenever the main thread has called, gets the number of its calls, and ends the loop by
   * answering true.
   */
  async run(turn: (calls: number) => Promise<boolean>): Promise<void> {
    const call = new Uint8Array(8);
    const counter = new DataView(call.buffer);
    while (true) {
      const count = this.#epoll.wait(this.#timeout());
      this.now = performance.now();
      const called = this.#collect(count);
      this.#turn();
      if (!called) continue;
      if (read(this.#wakeFd, call, 8) < 0) continue;
      if (await turn(Number(counter.getBigUint64(0, true)))) break;
    }
    this.#audit?.end();
  }

  #timeout(): number {
    if (this.#runnable.length > 0 || this.#closing.length > 0) return 0;
    if (this.#waiting.size > 0) return this.#short ? RETRY_MS : 0;
    let next = this.#audit?.behind === true ? AUDIT_RETRY_MS : Infinity;
    for (const deadlines of this.#deadlines) next = Math.min(next, deadlines.next());
    return next === Infinity ? -1 : Math.ceil(next);
  }

  /** Notes all events before anybody acts on one, so that each connection runs once with the whole picture. */
  #collect(count: number): boolean {
    let called = false;
    for (let i = 0; i < count; i++) {
      const fd = this.#epoll.fd(i);
      const endpoint = this.#endpoints[fd];
      if (endpoint !== undefined) {
        endpoint.note(this.#epoll.events(i));
        this.again(endpoint.owner);
      } else if (fd === this.#wakeFd) called = true;
      else {
        const acceptor = this.#acceptors.get(fd);
        if (acceptor !== undefined) this.#waiting.add(acceptor);
      }
    }
    return called;
  }

  #turn(): void {
    const runnable = this.#runnable;
    this.#runnable = [];
    for (const owner of runnable) {
      owner.queued = false;
      try {
        owner.run();
      } catch (error) {
        this.#reportFault(error);
        owner.close();
      }
    }
    const failed = (error: unknown) => this.#reportFault(error);
    for (const deadlines of this.#deadlines) deadlines.run(failed);
    for (const acceptor of this.#waiting) this.#accept(acceptor);
    for (const fd of this.#closing) close(fd);
    this.#closing.length = 0;
    this.#audit?.flush();
  }

  /** A fault of ours costs the connection it shows in, not all the others; what is half done is never relayed on. */
  #reportFault(error: unknown): void {
    const { stack } = error as Error;
    this.#warn(`a connection was closed by a fault in Postern, please report it: ${stack}`);
  }

  /** Closes a connection that was accepted and that nobody took charge of. */
  #abandon(fd: number): void {
    const endpoint = this.#endpoints[fd];
    if (endpoint === undefined) return;
    endpoint.owner.close();
    this.release(endpoint);
  }

  /** The connections stay in the backlog and are asked for again; the operator is told once, however often room comes and goes. */
  #cannotAccept(code: number): void {
    if (this.now - this.#told > TELL_MS) {
      this.#told = this.now;
      const advice = code === EMFILE ? "; raise the limit (LimitNOFILE=)" : "";
      this.#warn(`new connections wait: accept: ${describeErrno(code)}${advice}`);
    }
    this.#short = true;
  }

  #accept(acceptor: Acceptor): void {
    for (let n = 0; n < ACCEPTS; n++) {
      if (!acceptor.open) return this.#pause(acceptor);
      const fd = accept(acceptor.fd);
      if (fd >= 0) {
        try {
          acceptor.accepted(fd);
        } catch (error) {
          this.#reportFault(error);
          this.#abandon(fd);
        }
        continue;
      }
      if (errno() === EAGAIN) {
        this.#waiting.delete(acceptor);
        this.#short = false;
      } else if (errno() !== EINTR && errno() !== ECONNABORTED) this.#cannotAccept(errno());
      else continue;
      return;
    }
  }
}
