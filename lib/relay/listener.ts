import { upstreamAt } from "./dial.ts";
import type { Gatekeeper } from "./gatekeeper.ts";
import { HttpConnection } from "./http_connection.ts";
import type { Acceptor, Loop } from "./loop.ts";
import type { Connection, Place } from "./place.ts";
import type { PlannedListener } from "./plan.ts";
import { RawConnection } from "./raw_connection.ts";

/** A listening socket in the worker: makes a connection of whoever is accepted, and keeps count. */
export class Listener implements Acceptor {
  readonly fd: number;
  readonly #loop: Loop;
  readonly #gatekeeper: Gatekeeper;
  readonly #kind: typeof HttpConnection | typeof RawConnection;
  readonly #place: Place;
  readonly #connections = new Set<Connection>();
  readonly #limit: number;

  constructor(loop: Loop, gatekeeper: Gatekeeper, planned: PlannedListener) {
    this.fd = planned.fd;
    this.#loop = loop;
    this.#gatekeeper = gatekeeper;
    this.#kind = planned.protocol === "raw" ? RawConnection : HttpConnection;
    this.#limit = planned.maxConnections ?? Infinity;
    this.#place = {
      listener: planned.name,
      upstream: upstreamAt(planned.upstream),
      left: (connection) => this.#remove(connection),
    };
  }

  get limited(): boolean {
    return this.#limit !== Infinity;
  }

  get open(): boolean {
    return this.#connections.size < this.#limit;
  }

  accepted(fd: number): void {
    const client = this.#loop.attach(fd);
    if (client === undefined) return;
    const connection = new this.#kind(this.#loop, this.#gatekeeper, this.#place, client);
    this.#connections.add(connection);
    connection.start();
  }

  /** Ends every connection, as when the gate stops. */
  close(): void {
    for (const connection of this.#connections) connection.close();
  }

  /** The rules have changed; how many exchanges were ended that they do not allow. */
  reconsider(revoke: boolean): number {
    let revoked = 0;
    for (const connection of this.#connections) if (connection.reconsider(revoke)) revoked++;
    return revoked;
  }

  #remove(connection: Connection): void {
    const wasFull = !this.open;
    this.#connections.delete(connection);
    if (wasFull && this.open) this.#loop.reopen(this);
  }
}
