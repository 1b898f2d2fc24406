import { Memory } from "../linux/memory.ts";
import { SHUT_WR, shutdown } from "../linux/socket.ts";
import type { Deadline } from "./deadlines.ts";
import type { Endpoint, Owner } from "./endpoint.ts";
import { scratch } from "./flow.ts";
import type { Loop } from "./loop.ts";

/** How long one that is turned away may take to ask and to hear its answer, in milliseconds. */
const PATIENCE_MS = 2000;

/**
 * A client that came where there is no room. Its first request gets the reply that says so, since HTTP clients do not look at
 * answers to nothing; whatever it sends is dropped.
 */
export class TurnedAway implements Owner {
  readonly #loop: Loop;
  readonly #client: Endpoint;
  readonly #reply: Uint8Array<ArrayBuffer>;
  readonly #left: (one: TurnedAway) => void;
  readonly #deadline: Deadline;
  queued = false;
  #told = false;
  #closed = false;

  constructor(
    loop: Loop,
    client: Endpoint,
    reply: Uint8Array<ArrayBuffer>,
    left: (one: TurnedAway) => void,
  ) {
    this.#loop = loop;
    this.#client = client;
    this.#reply = reply;
    this.#left = left;
    this.#deadline = loop.after(PATIENCE_MS).add({
      expire: () => this.close(),
      close: () => this.close(),
    });
    client.owner = this;
    loop.again(this);
  }

  run(): void {
    if (this.#closed || !this.#client.readable) return;
    const n = this.#client.receive(scratch, 0, scratch.bytes.length);
    if (n > 0) {
      if (!this.#told) this.#tell();
      if (this.#client.readable) this.#loop.again(this);
    } else if (n === 0 || this.#client.gone) this.close();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#deadline.cancel();
    this.#loop.release(this.#client);
    this.#left(this);
  }

  /** A socket that nothing was written to takes a reply whole. */
  #tell(): void {
    this.#told = true;
    this.#client.send(new Memory(this.#reply), 0, this.#reply.length);
    shutdown(this.#client.fd, SHUT_WR);
  }
}
