import { boundEnd } from "../linux/tcp.ts";
import type { TlsContext } from "../linux/tls_context.ts";
import type { Peer, PeerCertificate } from "../policy/types.ts";
import type { Endpoint } from "./endpoint.ts";
import type { FarEnds } from "./far_ends.ts";
import { Expiry } from "./expiry.ts";
import type { Residents } from "../peer/residents.ts";
import type { Admitted, Gatekeeper } from "./gatekeeper.ts";
import type { Lists } from "./lists.ts";
import { Locating } from "./locating.ts";
import type { Loop } from "./loop.ts";
import type { Connection, Place } from "./place.ts";
import { Recorder } from "./recorder.ts";
import { TlsTerminator } from "./tls.ts";

/** What a visit needs of the listener that it came to. */
export interface Reception {
  readonly loop: Loop;
  readonly gatekeeper: Gatekeeper;
  readonly place: Omit<Place, "left">;
  readonly lists: Lists;
  readonly farEnds: FarEnds;
  /** Absent: without TLS. */
  readonly tls: TlsContext | undefined;
  /** Makes the connection that serves the client, once it is known who it is. */
  connect(client: Endpoint, admitted: Admitted, place: Place): Connection;
  /** It is not on its way in any more. */
  arrived(visit: Visit): void;
  /** Nothing of it is left. */
  left(visit: Visit): void;
}

/** The identity that an accepted connection has by itself. */
export type TcpPeer = Peer & { readonly address: string; readonly port: number };

/**
 * A client on TCP, from accept(2) to its end: it shows a certificate where the listener wants one, the engine is asked which
 * container it is where a rule wants to know, and only then is it served. Until then nothing that it sends is read as a request.
 */
export class Visit implements Connection {
  readonly #reception: Reception;
  readonly #accepted: Endpoint;
  #peer: TcpPeer;
  /** Where its requests come from: the accepted socket, or the plain end of its TLS. */
  #client: Endpoint | undefined;
  #terminator: TlsTerminator | undefined;
  #locating: Locating | undefined;
  /** The engine and the kernel are asked whose it is. */
  #asking = false;
  #connection: Connection | undefined;
  /** Of its certificate: from then on it takes no further request. */
  #expiry: Expiry | undefined;
  queued = false;
  /** Until then it waits for room at the door. */
  #started = false;
  /** There is room for it now. */
  #called = false;
  #arriving = true;
  #retiring = false;
  /** Nobody is served, or ever will be. */
  #over = false;
  #left = false;

  constructor(reception: Reception, accepted: Endpoint, peer: TcpPeer) {
    this.#reception = reception;
    this.#accepted = accepted;
    this.#peer = peer;
    accepted.owner = this;
  }

  /** From the loop's next turn on there is room for it. */
  call(): void {
    this.#called = true;
    this.#reception.loop.again(this);
  }

  start(): void {
    this.#started = true;
    const { loop, tls } = this.#reception;
    if (tls === undefined) return this.#receive(this.#accepted);
    this.#terminator = new TlsTerminator(loop, tls, this.#accepted, {
      done: (fd, certificate, goodUntil) => this.#certified(fd, certificate, goodUntil),
      failed: (reason) => this.#refused(reason),
      broken: () => this.#end(),
      closed: () => {
        this.#terminator = undefined;
        this.#end();
      },
    });
    this.#terminator.start();
  }

  /** While there is no room for it, while the engine is asked, and when it has answered. */
  run(): void {
    if (!this.#started && !this.#over) {
      if (this.#accepted.gone) this.#end();
      else if (this.#called) this.start();
      return;
    }
    const client = this.#client;
    if (this.#over || client === undefined || this.#connection !== undefined) return;
    if (client.gone) this.#end();
    else if (!this.#asking) this.#serve(client);
  }

  /** Others come, and it has shown nothing yet. */
  giveWay(): void {
    if (this.#terminator !== undefined && this.#client === undefined) {
      this.#refused("the handshake took its time while many others came");
    }
    this.close();
  }

  retire(): void {
    this.#retiring = true;
    this.#connection?.retire();
  }

  reconsider(revoke: boolean): boolean {
    return this.#connection?.reconsider(revoke) ?? false;
  }

  close(): void {
    this.#end();
    this.#terminator?.close();
  }

  #certified(fd: number, certificate: PeerCertificate, goodUntil: number): void {
    this.#peer = { ...this.#peer, certificate };
    this.#expiry = new Expiry(this.#reception.loop, goodUntil, () => {
      if (!this.#over) this.retire();
    });
    const plain = this.#reception.loop.attach(fd);
    if (plain === undefined) return this.close();
    plain.owner = this;
    this.#receive(plain);
  }

  #receive(client: Endpoint): void {
    const { loop, gatekeeper, place, lists, farEnds } = this.#reception;
    this.#client = client;
    if (gatekeeper.asksContainers(place.listener)) {
      this.#asking = true;
      this.#locating = new Locating({
        ...{ loop, upstream: place.upstream, lists, farEnds },
        client: this.#peer,
        gate: boundEnd(this.#accepted.fd),
        done: (found) => {
          this.#asking = false;
          this.#peer = located(this.#peer, found);
          loop.again(this);
        },
      });
    }
    loop.again(this);
  }

  #serve(client: Endpoint): void {
    const { gatekeeper, place } = this.#reception;
    const admitted = gatekeeper.admitKnown(this.#peer, place.listener);
    this.#connection = this.#reception.connect(client, admitted, {
      ...place,
      left: () => this.#end(),
    });
    this.#arrive();
    this.#connection.start();
    if (this.#retiring) this.#connection?.retire();
  }

  #refused(reason: string): void {
    const { gatekeeper, place } = this.#reception;
    const admitted = gatekeeper.admitKnown(this.#peer, place.listener);
    new Recorder(gatekeeper, admitted, place.listener).decision(
      gatekeeper.idOf(gatekeeper.nextNumber()),
      { decision: "deny", reason: `TLS: ${reason}`, rule: "tls", request: {} },
    );
  }

  #arrive(): void {
    if (!this.#arriving) return;
    this.#arriving = false;
    this.#reception.arrived(this);
  }

  /** Ends what serves it; it has left when its TLS, which may still have an answer to deliver, has ended, too. */
  #end(): void {
    if (!this.#over) {
      this.#over = true;
      this.#locating?.close();
      if (this.#connection !== undefined) this.#connection.close();
      else if (this.#client !== undefined) this.#reception.loop.release(this.#client);
      else if (this.#terminator === undefined) this.#reception.loop.release(this.#accepted);
      this.#arrive();
    }
    if (this.#terminator !== undefined || this.#left) return;
    this.#left = true;
    this.#expiry?.cancel();
    this.#reception.left(this);
  }
}

function located(peer: TcpPeer, found: Residents): TcpPeer {
  if ("unknown" in found) return { ...peer, unplaced: found.unknown };
  const { inside } = found;
  const [only, ...others] = inside;
  return {
    ...peer,
    inside,
    ...(only === undefined || only === "none" || others.length > 0 ? {} : { container: only.id }),
  };
}
