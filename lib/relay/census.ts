import { isLoopback, parseAddress } from "../policy/address.ts";

/** A uid, undefined where it is unknown, or the address of a client on TCP. */
export type Who = number | string | undefined;

/** How many clients may be connected at once; absent: as many as come. */
export interface ConnectionLimits {
  readonly maxConnections?: number;
  readonly maxConnectionsPerUid?: number;
}

/** Why a client cannot be let in. */
export interface Crowded {
  readonly status: 429 | 503;
  /** The key of the limit in the configuration, or that it is of those on their way in over TCP. */
  readonly limit: "max_connections" | "max_connections_per_uid" | "arriving";
  readonly reason: string;
}

// The numbers in front of the table, 32 bits each. A limit of 0 is none.
const LOCK = 0;
const CONNECTIONS = 1;
const MOST = 2;
const MOST_PER_UID = 3;
const USERS = 4;
const TABLE = 8;

/** Places in the table, a power of two; each is a uid or an address, its connections, and which of the two it is. */
const PLACES = 1 << 14;
const LAST = PLACES - 1;
/** Users at once: a table with every place taken is slow to search. */
const MOST_USERS = PLACES * 3 / 4;
/** Whoever has no uid that we can see shares one number: (uid_t) -1 is "no id" to the kernel. */
const UNKNOWN = -1;
/** Numbers in a place. */
const WIDTH = 3;
const UID = 0;
const IPV4 = 1;
const IPV6 = 2;

/**
 * Counts who is connected, for all workers together: in all, and for each uid or address; of IPv6, for each network of 64 bits,
 * and for all of 127.0.0.0/8, since one host has as many addresses in it as it likes. Its memory is a lock and an open hash table (linear
 * probing; who leaves moves those behind back), since uids are too many for a counter each.
 */
export class Census {
  readonly #cells: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.#cells = new Int32Array(memory);
  }

  /** Memory for one gate. */
  static memory(): SharedArrayBuffer {
    return new SharedArrayBuffer((TABLE + WIDTH * PLACES) * Int32Array.BYTES_PER_ELEMENT);
  }

  /** Holds from now on; who is connected already stays. */
  limit({ maxConnections = 0, maxConnectionsPerUid = 0 }: ConnectionLimits): void {
    Atomics.store(this.#cells, MOST, maxConnections);
    Atomics.store(this.#cells, MOST_PER_UID, maxConnectionsPerUid);
  }

  /** Counts a connection; or says why it is not counted. */
  enter(who: Who): Crowded | undefined {
    return this.#locked((cells) => {
      const most = cells[MOST]!;
      if (most > 0 && cells[CONNECTIONS]! >= most) {
        const reason = `${most} connections are open already`;
        return { status: 503, limit: "max_connections", reason };
      }
      const [id, kind] = keyOf(who);
      const at = this.#find(id, kind);
      const count = cells[at + 1]!;
      const mostPerUid = cells[MOST_PER_UID]!;
      if (mostPerUid > 0 && count >= mostPerUid) {
        const reason = `${nameOf(who)} ${mostPerUid} connections open already`;
        return { status: 429, limit: "max_connections_per_uid", reason };
      }
      if (count === 0 && cells[USERS]! >= MOST_USERS) {
        const reason = `${MOST_USERS} different users are connected already`;
        return { status: 503, limit: "max_connections", reason };
      }
      if (count === 0) cells[USERS]!++;
      cells[CONNECTIONS]!++;
      cells[at] = id;
      cells[at + 1] = count + 1;
      cells[at + 2] = kind;
      return undefined;
    });
  }

  /** Takes back what `enter` has counted. */
  leave(who: Who): void {
    this.#locked((cells) => {
      const at = this.#find(...keyOf(who));
      if (cells[at + 1] === 0) throw new RangeError(`Cannot let ${who} leave: nobody is there`);
      cells[CONNECTIONS]!--;
      if (--cells[at + 1]! > 0) return;
      cells[USERS]!--;
      this.#close(at);
    });
  }

  /** Where somebody stands, or would. */
  #find(id: number, kind: number): number {
    const cells = this.#cells;
    let place = home(id);
    while (cells[cellOf(place) + 1] !== 0 && !this.#isAt(place, id, kind)) place = next(place);
    return cellOf(place);
  }

  #isAt(place: number, id: number, kind: number): boolean {
    const at = cellOf(place);
    return this.#cells[at] === id && this.#cells[at + 2] === kind;
  }

  /** Moves into an empty place whoever is farther from home than that, so that every search that begins before it ends right. */
  #close(at: number): void {
    const cells = this.#cells;
    let hole = (at - TABLE) / WIDTH;
    for (let place = next(hole); cells[cellOf(place) + 1] !== 0; place = next(place)) {
      const from = cellOf(place);
      const isBehind = ((place - home(cells[from]!)) & LAST) >= ((place - hole) & LAST);
      if (!isBehind) continue;
      cells.copyWithin(cellOf(hole), from, from + WIDTH);
      cells[from + 1] = 0;
      hole = place;
    }
  }

  /** A few steps at a time, by one worker. */
  #locked<T>(work: (cells: Int32Array) => T): T {
    const cells = this.#cells;
    while (Atomics.compareExchange(cells, LOCK, 0, 1) !== 0) Atomics.wait(cells, LOCK, 1);
    try {
      return work(cells);
    } finally {
      Atomics.store(cells, LOCK, 0);
      Atomics.notify(cells, LOCK, 1);
    }
  }
}

/** Multiplicative hashing by 2^32 / φ: neighbouring uids, which are the rule, come to stand far apart. */
function home(uid: number): number {
  return Math.imul(uid, 0x9e3779b1) >>> (32 - Math.log2(PLACES));
}

function next(place: number): number {
  return (place + 1) & LAST;
}

function cellOf(place: number): number {
  return TABLE + WIDTH * place;
}

/** 32 bits for each; networks of IPv6 share them, which can make two of them one, and never lets anybody have more. */
function keyOf(who: Who): [id: number, kind: number] {
  if (typeof who !== "string") return [(who ?? UNKNOWN) | 0, UID];
  const bytes = parseAddress(who) ?? [];
  const kind = bytes.length === 4 ? IPV4 : IPV6;
  // A program has all of 127.0.0.0/8 to speak from.
  const significant = kind === IPV6
    ? bytes.slice(0, 8)
    : isLoopback(bytes)
    ? [127, 0, 0, 1]
    : bytes;
  return [
    significant.reduce(
      (sum, byte) => Math.imul(sum, kind === IPV4 ? 256 : 16_777_619) + byte | 0,
      0,
    ),
    kind,
  ];
}

function nameOf(who: Who): string {
  if (typeof who === "string") return `address ${who} has`;
  return who === undefined ? "clients of unknown uid have" : `uid ${who} has`;
}
