import { isLoopback, parseAddress } from "../policy/address.ts";

/** How many may be on their way in. */
export interface Room {
  /** At once, from everywhere, … */
  readonly most: number;
  /** … of whom so many may take their time; beyond that whoever has had so many milliseconds gives way. */
  readonly calm: number;
  readonly patience: number;
  /** At once, from one place. */
  readonly share: number;
  /** May wait for their place's share, from everywhere. */
  readonly waiting: number;
}

/** Those of one place. */
interface Party<T> {
  /** In the order in which they began, with the time on performance.now()'s clock. */
  readonly inside: Map<T, number>;
  readonly waiting: Set<T>;
}

/** What becomes of somebody who comes: he begins, and perhaps somebody else has to go for that; he waits; he is one too many. */
export type Entry<T> =
  | { readonly begins: true; readonly gives?: T }
  | { readonly begins: false }
  | "crowded";

/**
 * Who is on the way in: a client that has to show who it is can take its time, and costs memory and questions meanwhile. So that who
 * stalls on as many connections as he can keeps nobody else out, each place has a share, for which its further clients wait; and when
 * many are inside, it is the oldest of the largest party who gives way. A place is an address, a network of 64 bits, in which
 * a host has as many addresses of IPv6 as it likes, or this machine.
 */
export class Door<T> {
  readonly #room: Room;
  readonly #parties = new Map<string, Party<T>>();
  /** Where each that has come and not left belongs. */
  readonly #places = new Map<T, string>();
  #inside = 0;
  #waiting = 0;

  constructor(room: Room) {
    this.#room = room;
  }

  /** Somebody comes, at a time on performance.now()'s clock. Who gives way is still to leave. */
  enter(one: T, address: string, now: number): Entry<T> {
    const place = placeOf(address);
    const party = this.#parties.get(place) ?? { inside: new Map(), waiting: new Set() };
    const begins = party.inside.size < this.#room.share;
    if (!begins && this.#waiting >= this.#room.waiting) return "crowded";
    const gives = begins ? this.#whoGivesWay(now) : undefined;
    this.#parties.set(place, party);
    this.#places.set(one, place);
    if (!begins) {
      party.waiting.add(one);
      this.#waiting++;
      return { begins };
    }
    party.inside.set(one, now);
    this.#inside++;
    return gives === undefined ? { begins } : { begins, gives };
  }

  /** Somebody is through or gives up, once; who begins in his place. */
  leave(one: T, now: number): T | undefined {
    const place = this.#places.get(one);
    if (place === undefined) return undefined;
    this.#places.delete(one);
    const party = this.#parties.get(place)!;
    if (party.waiting.delete(one)) {
      this.#waiting--;
      return undefined;
    }
    party.inside.delete(one);
    const [next] = party.waiting;
    if (next !== undefined) {
      party.waiting.delete(next);
      party.inside.set(next, now);
      this.#waiting--;
      return next;
    }
    this.#inside--;
    if (party.inside.size === 0) this.#parties.delete(place);
    return undefined;
  }

  #whoGivesWay(now: number): T | undefined {
    const { most, calm, patience } = this.#room;
    if (this.#inside < calm) return undefined;
    let [largest] = this.#parties.values();
    for (const party of this.#parties.values()) {
      if (party.inside.size > largest!.inside.size) largest = party;
    }
    const [oldest] = largest!.inside;
    if (oldest === undefined) return undefined;
    const [one, since] = oldest;
    return this.#inside >= most || now - since >= patience ? one : undefined;
  }
}

function placeOf(address: string): string {
  const bytes = parseAddress(address) ?? [];
  // A program has all of 127.0.0.0/8 to speak from.
  return isLoopback(bytes) ? "here" : bytes.slice(0, 8).join(".");
}
