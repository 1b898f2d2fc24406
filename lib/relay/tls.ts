import { describeErrno, errno } from "../linux/errno.ts";
import { close } from "../linux/io.ts";
import { Memory } from "../linux/memory.ts";
import type { PeerCertificate } from "../linux/peer_certificate.ts";
import { SHUT_WR, shutdown } from "../linux/socket.ts";
import { socketPair } from "../linux/socket_pair.ts";
import type { TlsContext } from "../linux/tls_context.ts";
import { BROKEN, TlsSession, WANTING } from "../linux/tls_session.ts";
import type { Deadline } from "./deadlines.ts";
import { BLOCKED, type Endpoint, type Owner } from "./endpoint.ts";
import type { Loop } from "./loop.ts";
import { Outlet } from "./outlet.ts";

/** How long a client may take until both sides know each other, in milliseconds. */
const HANDSHAKE_MS = 10_000;
/** Rounds before other connections get their turn. */
const ROUNDS = 8;
/** The same for somebody who is not known yet. */
const HANDSHAKE_ROUNDS = 2;
/**
 * Bytes that OpenSSL may answer by itself, to requests for new keys: some 2400, where a good client asks after some 2^24 records (RFC
 * 8446 §5.5). Each costs us as much as 50 KiB of data, and the answers wait where the client does not read them.
 */
const MOST_OWN_ANSWERS = 64 * 1024;
/**
 * Bytes that a client may send beyond its data: some 2400 new keys of its own, or empty records. Each record of data may have
 * RECORD besides, which is more than it takes (RFC 8446 §5.2), and what has been spared up to here.
 */
const MOST_BESIDES = 64 * 1024;
const RECORD = 64;
/** Bytes that are read at a time from who has sent more than his data takes: new keys are the work of 3 KiB of data each. */
const FEW = 4 * 1024;
/** Everybody reads into the same memory, so much at a time, in bytes: two records of TLS (RFC 8446 §5.1). */
const scratch = new Memory(new Uint8Array(32 * 1024));
/** The same with what encryption adds. */
const encrypted = new Memory(new Uint8Array(34 * 1024));

/** What it needs of the loop that runs it. */
export type TlsHost = Pick<Loop, "again" | "attach" | "release" | "lingering" | "after">;

/** What it tells whoever began it. */
export interface TlsEvents {
  /**
   * The client's certificate is good. What it sends comes out of `plainFd`, which is the callee's from now on: a unix stream socket,
   * non-blocking, close-on-exec. The kernel's credentials of it are Postern's own. `goodUntil`: when a certificate ends that it hangs on, in
   * milliseconds since 1970.
   */
  done(plainFd: number, certificate: PeerCertificate, goodUntil: number): void;
  /** Instead of `done`: why not, in one line. */
  failed(reason: string): void;
  /**
   * After `done`: the client has left without an end. What it has sent must not be taken for all: `plainFd` gets an end right
   * after this, as a closed socket does, so its connection is to be ended here.
   */
  broken(reason: string): void;
  /** Last, once, whatever happened: nothing is held any more. */
  closed(): void;
}

type Stage = "handshake" | "open" | "parting" | "closed";

/**
 * The TLS side of one client: shakes hands, then relays between the client's socket and one end of a socket pair, whose other end
 * the gate serves as it serves every socket. A half-close passes each way, as close_notify. A client whose connection ends
 * without close_notify has been cut off, perhaps by somebody between, and is never taken to have said all (RFC 8446 §6.1).
 */
export class TlsTerminator implements Owner {
  readonly #loop: TlsHost;
  readonly #client: Endpoint;
  readonly #events: TlsEvents;
  readonly #session: TlsSession;
  readonly #toClient: Outlet;
  #plain: Endpoint | undefined;
  #toPlain: Outlet | undefined;
  #deadline: Deadline | undefined;
  #stage: Stage = "handshake";
  /** The client has announced its end. */
  #sentAll = false;
  /** The gate has ended, and the client knows. */
  #answeredAll = false;
  /** Bytes that the client may still send beyond its data; below -MOST_BESIDES it is too much. */
  #spare = 0;
  /** Bytes that OpenSSL has answered by itself since the handshake. */
  #ownAnswers = 0;
  /** The client's socket has ended. */
  #finished = false;
  /** The client's socket was told that nothing more comes. */
  #saidGoodbye = false;
  /** What had been sent to the client when the deadline was set. */
  #movedBefore = 0;
  queued = false;

  /** Takes charge of `client`. Throws a TlsError when there is no memory; the endpoint is still the caller's then. */
  constructor(loop: TlsHost, context: TlsContext, client: Endpoint, events: TlsEvents) {
    this.#session = new TlsSession(context);
    this.#loop = loop;
    this.#client = client;
    this.#events = events;
    this.#toClient = new Outlet(client);
    client.owner = this;
  }

  /** Called once. */
  start(): void {
    this.#deadline = this.#loop.after(HANDSHAKE_MS).add(this);
    this.run();
  }

  run(): void {
    if (this.#stage === "handshake") this.#shakeHands();
    if (this.#stage === "open") this.#relay();
    if (this.#stage === "parting") this.#part();
  }

  /** The handshake has taken too long, or a client takes nothing of what is left for it. */
  expire(): void {
    if (this.#stage === "handshake") {
      this.#events.failed(`the handshake took more than ${HANDSHAKE_MS / 1000} seconds`);
      this.#stage = "parting";
    }
    if (this.#stage === "open" && this.#toClient.moved > this.#movedBefore) return this.#lastCall();
    this.close();
  }

  /** Ends it at once: the client sees that this is no proper end. */
  close(): void {
    if (this.#stage === "closed") return;
    const wasOpen = this.#stage === "open" && !(this.#sentAll && this.#answeredAll);
    this.#stage = "closed";
    this.#deadline?.cancel();
    this.#session.free();
    this.#loop.release(this.#client);
    try {
      if (wasOpen) this.#events.broken("Postern closed the connection");
    } finally {
      if (this.#plain !== undefined) this.#loop.release(this.#plain);
      this.#events.closed();
    }
  }

  #shakeHands(): void {
    for (let round = 0; round < HANDSHAKE_ROUNDS; round++) {
      const outcome = this.#session.handshake();
      this.#sendEncrypted();
      if (outcome === 1) return this.#open();
      if (outcome !== WANTING) return this.#refuse(this.#session.failure);
      const n = this.#receive();
      if (n === BLOCKED) return;
      if (n <= 0) return this.#refuse("the client left during the handshake");
    }
    this.#loop.again(this);
  }

  #open(): void {
    const certificate = this.#session.peer();
    if (certificate === undefined) {
      return this.#refuse("the names in the client's certificate cannot be told for sure");
    }
    const pair = socketPair();
    if (pair === undefined) return this.#refuse(`socketpair: ${describeErrno(errno())}`);
    const [ours, theirs] = pair;
    this.#plain = this.#loop.attach(ours);
    if (this.#plain === undefined) {
      close(theirs);
      return this.#refuse("epoll takes no more descriptors");
    }
    this.#plain.owner = this;
    this.#toPlain = new Outlet(this.#plain);
    this.#deadline?.cancel();
    this.#deadline = undefined;
    this.#stage = "open";
    this.#events.done(theirs, certificate, this.#session.goodUntil());
  }

  /** The alert that says why is in the client's socket already; it is lost where the socket is closed over unread bytes. */
  #refuse(reason: string): void {
    this.#stage = "parting";
    this.#events.failed(reason);
  }

  #relay(): void {
    const plain = this.#plain!;
    const tired = this.#relayUp(this.#toPlain!);
    if (this.#stage !== "open") return;
    const tiredToo = this.#relayDown(plain);
    if (this.#stage !== "open") return;
    const delivered = this.#answeredAll && this.#toClient.flush();
    const gateLeft = this.#answeredAll && plain.gone;
    // Without an end of ours, both ways of a socket of TCP are closed only by a reset.
    const reset = this.#toClient.failed || (this.#sentAll && this.#client.gone);
    if (reset) {
      this.#break("the client left");
      return;
    }
    if (delivered && (gateLeft || (this.#sentAll && this.#toPlain!.empty))) {
      return this.#bidFarewell();
    }
    // Nobody else waits for what is still to be delivered.
    if (gateLeft && this.#deadline === undefined) this.#lastCall();
    if (tired || tiredToo) this.#loop.again(this);
  }

  /** From the client to the gate; true when there is more to do. */
  #relayUp(toPlain: Outlet): boolean {
    let fed = false;
    for (let round = 0; round < ROUNDS; round++) {
      if (!toPlain.flush()) return false;
      if (this.#sentAll) {
        this.#drop();
        return false;
      }
      const n = this.#session.read(scratch, 0);
      if (n > 0) {
        this.#spare = Math.min(MOST_BESIDES, this.#spare + n + RECORD);
        toPlain.offer(scratch, n);
      } else if (n === 0) this.#endPlain();
      else {
        this.#ownAnswers += this.#sendEncrypted();
        const wrong = this.#wrongWith(n);
        if (wrong !== undefined) return this.#break(wrong);
        // What was fed brought no data: such bytes are worth more work than others.
        if (fed) return this.#client.readable;
        const received = this.#receive();
        if (received === BLOCKED) return false;
        if (received === 0) return this.#break("the client was cut off: no close_notify came");
        if (received < 0) return this.#break("the client left");
      }
      fed = n === WANTING;
    }
    return true;
  }

  /** Whether what was read, in vain, is a reason to end. */
  #wrongWith(outcome: number): string | undefined {
    if (outcome === BROKEN) {
      return `the client sent what is no TLS of this connection: ${this.#session.failure}`;
    }
    if (this.#ownAnswers > MOST_OWN_ANSWERS) return "the client asked for new keys again and again";
    return this.#spare < -MOST_BESIDES
      ? "the client sent too much that is no data: new keys or empty records"
      : undefined;
  }

  /** What the client has sent is with the gate already, or waits behind nothing. */
  #endPlain(): void {
    this.#sentAll = true;
    shutdown(this.#plain!.fd, SHUT_WR);
  }

  /** From the gate to the client; true when there is more to do. */
  #relayDown(plain: Endpoint): boolean {
    for (let round = 0; round < ROUNDS; round++) {
      if (!this.#toClient.flush()) return false;
      if (this.#answeredAll || !plain.readable) return false;
      const n = plain.receive(scratch, 0, scratch.bytes.length);
      if (n === BLOCKED) return false;
      if (n > 0) {
        if (!this.#session.write(scratch, n)) {
          return this.#break(`the answer cannot be encrypted: ${this.#session.failure}`);
        }
      } else {
        this.#answeredAll = true;
        this.#session.end();
      }
      this.#sendEncrypted();
    }
    return true;
  }

  /** Sends what OpenSSL has made, as far as the client takes it; the rest waits. How many bytes there were. */
  #sendEncrypted(): number {
    let made = 0;
    for (let n = this.#session.drain(encrypted); n > 0; n = this.#session.drain(encrypted)) {
      this.#toClient.offer(encrypted, n);
      made += n;
    }
    return made;
  }

  /** Bytes that came from the client's socket and are the session's now, 0 at its end, BLOCKED or FAILED. */
  #receive(): number {
    if (!this.#client.readable) return BLOCKED;
    const most = this.#spare < 0 ? FEW : encrypted.bytes.length;
    const n = this.#client.receive(encrypted, 0, most);
    if (n > 0) {
      this.#session.feed(encrypted, n);
      if (this.#stage === "open") this.#spare -= n;
    }
    return n;
  }

  /** What comes after an announced end means nothing; true when the socket's end has come. */
  #drop(): boolean {
    for (let round = 0; round < ROUNDS && !this.#finished; round++) {
      if (!this.#client.readable) return false;
      const n = this.#client.receive(encrypted, 0, encrypted.bytes.length);
      if (n === BLOCKED) return false;
      if (n <= 0) this.#finished = true;
    }
    if (!this.#finished) this.#loop.again(this);
    return this.#finished;
  }

  /** Always false: there is nothing more to do. */
  #break(reason: string): false {
    this.#stage = "parting";
    try {
      this.#events.broken(reason);
    } finally {
      this.close();
    }
    return false;
  }

  #lastCall(): void {
    this.#movedBefore = this.#toClient.moved;
    this.#deadline = this.#loop.lingering.add(this);
  }

  /** All is said on both sides, or nobody listens to the client any more. */
  #bidFarewell(): void {
    this.#stage = "parting";
    this.#deadline?.cancel();
    this.#deadline = this.#loop.lingering.add(this);
  }

  /** Waits for the client's end: to close a socket over unread bytes takes away what was sent last (RFC 9112 §9.6). */
  #part(): void {
    if (!this.#toClient.flush()) return;
    if (!this.#saidGoodbye) {
      this.#saidGoodbye = true;
      shutdown(this.#client.fd, SHUT_WR);
    }
    if (this.#toClient.failed || this.#drop()) this.close();
  }
}
