import { parseAddress } from "../policy/address.ts";

/** How many may be on their way in. */
export interface Room {
  /** At once, from everywhere. */
  readonly most: number;
  /** At once, from one address, or from one network of 64 bits: a host has as many addresses of IPv6 as it likes. */
  readonly share: number;
  /** May wait for their address's share, from everywhere. */
  readonly waiting: number;
}

/** Those of one address. */
interface Party<T> {
  inside: number;
  readonly waiting: Set<T>;
}

/**
 * Who is on the way in: a client that has to show who it is can take its time, and costs memory and questions meanwhile. So that one
 * who stalls on as many connections as he can keeps nobody else out, each address has a share; its further clients wait for that
 * and for nothing else.
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

  /** Nobody else can begin, wherever he comes from. */
  get full(): boolean {
    return this.#inside >= this.#room.most;
  }

  /** Whether somebody begins, waits to, or is one too many. */
  enter(one: T, address: string): "begins" | "waits" | "crowded" {
    const place = placeOf(address);
    const party = this.#parties.get(place) ?? { inside: 0, waiting: new Set() };
    const begins = party.inside < this.#room.share;
    if (!begins && this.#waiting >= this.#room.waiting) return "crowded";
    this.#parties.set(place, party);
    this.#places.set(one, place);
    if (begins) {
      party.inside++;
      this.#inside++;
      return "begins";
    }
    party.waiting.add(one);
    this.#waiting++;
    return "waits";
  }

  /** Somebody is through or gives up, once; who begins in his place. */
  leave(one: T): T | undefined {
    const place = this.#places.get(one);
    if (place === undefined) return undefined;
    this.#places.delete(one);
    const party = this.#parties.get(place)!;
    if (party.waiting.delete(one)) {
      this.#waiting--;
      return undefined;
    }
    const [next] = party.waiting;
    if (next !== undefined) {
      party.waiting.delete(next);
      this.#waiting--;
      return next;
    }
    this.#inside--;
    if (--party.inside === 0) this.#parties.delete(place);
    return undefined;
  }
}

function placeOf(address: string): string {
  const bytes = parseAddress(address) ?? [];
  return bytes.slice(0, 8).join(".");
}
