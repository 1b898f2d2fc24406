import { close, duplicate } from "../linux/io.ts";
import { peerEnd } from "../linux/tcp.ts";
import { TlsContext } from "../linux/tls_context.ts";
import { formatAddress } from "../policy/address.ts";
import type { Census, Crowded, Who } from "./census.ts";
import { upstreamAt } from "./dial.ts";
import { Door } from "./door.ts";
import type { Endpoint } from "./endpoint.ts";
import type { FarEnds } from "./far_ends.ts";
import type { Admitted, Gatekeeper } from "./gatekeeper.ts";
import { HttpConnection } from "./http_connection.ts";
import { Lists } from "./lists.ts";
import type { Acceptor, Loop } from "./loop.ts";
import type { Connection, Place } from "./place.ts";
import type { PlannedListener } from "./plan.ts";
import { RawConnection } from "./raw_connection.ts";
import { Recorder } from "./recorder.ts";
import { errorReply } from "./reply.ts";
import { TurnedAway } from "./turned_away.ts";
import { type Reception, type TcpPeer, Visit } from "./visit.ts";

/** Clients that are told at once that there is no room for them; others are closed without a word. */
const MOST_TURNED_AWAY = 64;

/** Clients on TCP that may be on their way in, in one worker; as many wait as in the kernel's backlog. */
const ARRIVING = { most: 512, calm: 256, patience: 1000, share: 64, waiting: 1024 };

/** A listening socket in the worker: makes a connection of whoever is accepted, and keeps count. */
export class Listener implements Acceptor {
  fd: number;
  readonly #loop: Loop;
  readonly #gatekeeper: Gatekeeper;
  readonly #kind: typeof HttpConnection | typeof RawConnection;
  readonly #place: Place;
  readonly #census: Census;
  /** By the uid or the address that each is counted under. */
  readonly #connections = new Map<Connection, Who>();
  /** For clients on TCP. */
  readonly #reception: Reception | undefined;
  readonly #door = new Door<Visit>(ARRIVING);
  readonly #turnedAway = new Set<TurnedAway>();
  readonly #limit: number;
  /** Sockets that were made anew while there was no room: who waits at them is taken before they are closed. */
  readonly #former: number[] = [];
  #takingFormer = false;
  /** The socket outlives this process: who waits to be accepted waits for the next one. */
  readonly #lasting: boolean;
  #retired = false;
  /** Takes nobody any more. */
  #deaf = false;
  /** Called once when nobody is left. */
  #emptied: (() => void) | undefined;

  /** `farEnds`: for one on TCP. */
  constructor(
    loop: Loop,
    gatekeeper: Gatekeeper,
    census: Census,
    planned: PlannedListener,
    farEnds?: FarEnds,
  ) {
    this.fd = planned.fd;
    this.#loop = loop;
    this.#gatekeeper = gatekeeper;
    this.#census = census;
    this.#kind = planned.protocol === "raw" ? RawConnection : HttpConnection;
    this.#lasting = planned.lasting === true;
    this.#limit = planned.maxConnections ?? Infinity;
    this.#place = {
      listener: planned.name,
      upstream: upstreamAt(planned.upstream, planned.seal),
      left: (connection) => this.#remove(connection),
    };
    this.#reception = planned.tcp === true && farEnds !== undefined
      ? this.#receptionFor(planned, farEnds)
      : undefined;
  }

  get limited(): boolean {
    return this.#limit !== Infinity;
  }

  get open(): boolean {
    return this.#connections.size < this.#limit;
  }

  accepted(fd: number): void {
    if (this.#reception !== undefined) return this.#acceptedFromAfar(fd, this.#reception);
    const client = this.#loop.attach(fd);
    if (client === undefined) return;
    const admitted = this.#gatekeeper.admit(fd, this.#place.listener);
    const { uid } = admitted.peer;
    const crowded = this.#census.enter(uid);
    if (crowded !== undefined) return this.#turnAway(client, admitted, crowded);
    const connection = new this.#kind(this.#loop, this.#gatekeeper, this.#place, client, admitted);
    this.#connections.set(connection, uid);
    connection.start();
    if (this.#retired) connection.retire();
  }

  #receptionFor({ tls }: PlannedListener, farEnds: FarEnds): Reception {
    return {
      loop: this.#loop,
      gatekeeper: this.#gatekeeper,
      place: this.#place,
      lists: new Lists(this.#loop, this.#place.upstream),
      farEnds,
      tls: tls && new TlsContext(tls),
      connect: (client, admitted, place) =>
        new this.#kind(this.#loop, this.#gatekeeper, place, client, admitted),
      arrived: (visit) => this.#door.leave(visit, performance.now())?.call(),
      left: (visit) => this.#remove(visit),
    };
  }

  #acceptedFromAfar(fd: number, reception: Reception): void {
    const client = this.#loop.attach(fd);
    if (client === undefined) return;
    const end = peerEnd(fd);
    // Gone before it was looked at.
    if (end === undefined) return this.#loop.release(client);
    const peer: TcpPeer = { address: formatAddress(end.address), port: end.port };
    const turnAway = (crowded: Crowded) =>
      this.#turnAway(
        client,
        this.#gatekeeper.admitKnown(peer, this.#place.listener),
        crowded,
      );
    const crowded = this.#census.enter(peer.address);
    if (crowded !== undefined) return turnAway(crowded);
    const visit = new Visit(reception, client, peer);
    const entry = this.#door.enter(visit, peer.address, performance.now());
    if (entry === "crowded") {
      this.#census.leave(peer.address);
      return turnAway(crowdedAt(peer.address));
    }
    this.#connections.set(visit, peer.address);
    if (entry.begins) {
      entry.gives?.giveWay();
      visit.start();
    }
    if (this.#retired) visit.retire();
  }

  #turnAway(client: Endpoint, admitted: Admitted, crowded: Crowded): void {
    const { status, limit } = crowded;
    const reason = `${limit}: ${crowded.reason}`;
    const id = this.#gatekeeper.idOf(this.#gatekeeper.nextNumber());
    new Recorder(this.#gatekeeper, admitted, this.#place.listener).decision(id, {
      decision: "deny",
      reason,
      rule: limit,
      request: {},
      status,
    });
    const speaksHttp = this.#kind === HttpConnection && this.#reception?.tls === undefined;
    if (!speaksHttp || this.#turnedAway.size >= MOST_TURNED_AWAY) {
      return this.#loop.release(client);
    }
    const message = `postern: no room for this connection: ${reason} (request ${id})`;
    const reply = errorReply(status, message, { head: false, close: true, retryAfter: 1 });
    this.#turnedAway.add(
      new TurnedAway(this.#loop, client, reply, (one) => this.#turnedAway.delete(one)),
    );
  }

  /** From now on at another descriptor, since the socket was made anew: who came by the old one may finish what runs. */
  move(fd: number): void {
    if (!this.#loop.sweep(this)) {
      const former = duplicate(this.fd);
      if (former >= 0) this.#former.push(former);
    }
    this.#loop.unlisten(this);
    this.fd = fd;
    this.#loop.listen(this);
    for (const connection of this.#connections.keys()) connection.retire();
  }

  #takeFormer(): void {
    if (this.#takingFormer) return;
    this.#takingFormer = true;
    const isOpen = () => this.open;
    while (this.open && this.#former.length > 0) {
      const acceptor: Acceptor = {
        fd: this.#former[0]!,
        limited: true,
        get open() {
          return isOpen();
        },
        accepted: (fd) => this.accepted(fd),
      };
      const emptied = this.#loop.sweep(acceptor);
      this.#loop.unlisten(acceptor);
      if (!emptied) break;
      close(this.#former.shift()!);
    }
    this.#takingFormer = false;
  }

  /**
   * Takes nobody who comes now, and of those who are here no further request. `emptied` is called when they are gone. Who
   * waits to be accepted at a socket that goes is taken still; there is no name any more by which others could come.
   */
  retire(emptied: () => void): void {
    this.#retired = true;
    this.#emptied = emptied;
    if (this.#lasting) this.#stopListening();
    else if (this.#reception !== undefined) {
      // An address stays reachable: others would come for as long as anybody is here.
      this.#loop.sweep(this);
      this.#stopListening();
    }
    for (const connection of this.#connections.keys()) connection.retire();
    this.#conclude();
  }

  #stopListening(): void {
    this.#deaf = true;
    this.#loop.unlisten(this);
  }

  #conclude(): void {
    if (!this.#deaf) this.#loop.sweep(this);
    if (this.#connections.size > 0) return;
    const emptied = this.#emptied;
    this.#emptied = undefined;
    emptied?.();
  }

  /** Ends every connection, as when the gate stops. */
  close(): void {
    for (const fd of this.#former.splice(0)) close(fd);
    for (const connection of this.#connections.keys()) connection.close();
    for (const one of this.#turnedAway) one.close();
    this.#reception?.tls?.close();
  }

  /** The rules have changed; how many exchanges were ended that they do not allow. */
  reconsider(revoke: boolean): number {
    let revoked = 0;
    for (const connection of this.#connections.keys()) if (connection.reconsider(revoke)) revoked++;
    return revoked;
  }

  #makeRoom(change: () => void): void {
    const wasFull = !this.open;
    change();
    this.#takeFormer();
    if (wasFull && this.open && !this.#deaf) this.#loop.reopen(this);
  }

  #remove(connection: Connection): void {
    this.#makeRoom(() => {
      this.#census.leave(this.#connections.get(connection));
      this.#connections.delete(connection);
    });
    if (this.#retired && this.#connections.size === 0) this.#conclude();
  }
}

function crowdedAt(address: string): Crowded {
  const { share, waiting } = ARRIVING;
  const reason =
    `${share} clients of address ${address} are on their way in, and ${waiting} wait to be`;
  return { status: 429, limit: "arriving", reason };
}
