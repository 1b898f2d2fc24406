/** How many clients may be connected at once; absent: as many as come. */
export interface ConnectionLimits {
  readonly maxConnections?: number;
  readonly maxConnectionsPerUid?: number;
}

/** Why a client cannot be let in. */
export interface Crowded {
  readonly status: 429 | 503;
  /** The key of the limit in the configuration. */
  readonly limit: "max_connections" | "max_connections_per_uid";
  readonly reason: string;
}

// The numbers in front of the table, 32 bits each. A limit of 0 is none.
const LOCK = 0;
const CONNECTIONS = 1;
const MOST = 2;
const MOST_PER_UID = 3;
const USERS = 4;
const TABLE = 8;

/** Places in the table, a power of two; each is a uid and its connections. */
const PLACES = 1 << 14;
const LAST = PLACES - 1;
/** Users at once: a table with every place taken is slow to search. */
const MOST_USERS = PLACES * 3 / 4;
/** Whoever has no uid that we can see shares one number: (uid_t) -1 is "no id" to the kernel. */
const UNKNOWN = -1;

/**
 * Counts who is connected, for all workers together: in all, and for each uid. Its memory is a lock and an open hash table (linear
 * probing; who leaves moves those behind back), since uids are too many for a counter each.
 */
export class Census {
  readonly #cells: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.#cells = new Int32Array(memory);
  }

  /** Memory for one gate. */
  static memory(): SharedArrayBuffer {
    return new SharedArrayBuffer((TABLE + 2 * PLACES) * Int32Array.BYTES_PER_ELEMENT);
  }

  /** Holds from now on; who is connected already stays. */
  limit({ maxConnections = 0, maxConnectionsPerUid = 0 }: ConnectionLimits): void {
    Atomics.store(this.#cells, MOST, maxConnections);
    Atomics.store(this.#cells, MOST_PER_UID, maxConnectionsPerUid);
  }

  /** Counts a connection; or says why it is not counted. */
  enter(uid: number | undefined): Crowded | undefined {
    return this.#locked((cells) => {
      const most = cells[MOST]!;
      if (most > 0 && cells[CONNECTIONS]! >= most) {
        const reason = `${most} connections are open already`;
        return { status: 503, limit: "max_connections", reason };
      }
      const at = this.#find(uid ?? UNKNOWN);
      const count = cells[at + 1]!;
      const mostPerUid = cells[MOST_PER_UID]!;
      if (mostPerUid > 0 && count >= mostPerUid) {
        const who = uid === undefined ? "clients of unknown uid have" : `uid ${uid} has`;
        const reason = `${who} ${mostPerUid} connections open already`;
        return { status: 429, limit: "max_connections_per_uid", reason };
      }
      if (count === 0 && cells[USERS]! >= MOST_USERS) {
        const reason = `${MOST_USERS} different users are connected already`;
        return { status: 503, limit: "max_connections", reason };
      }
      if (count === 0) cells[USERS]!++;
      cells[CONNECTIONS]!++;
      cells[at] = uid ?? UNKNOWN;
      cells[at + 1] = count + 1;
      return undefined;
    });
  }

  /** Takes back what `enter` has counted. */
  leave(uid: number | undefined): void {
    this.#locked((cells) => {
      const at = this.#find(uid ?? UNKNOWN);
      if (cells[at + 1] === 0) throw new RangeError(`Cannot let uid ${uid} leave: nobody is there`);
      cells[CONNECTIONS]!--;
      if (--cells[at + 1]! > 0) return;
      cells[USERS]!--;
      this.#close(at);
    });
  }

  /** Where a uid stands, or would. */
  #find(uid: number): number {
    const cells = this.#cells;
    const wanted = uid | 0;
    let place = home(wanted);
    while (cells[cellOf(place) + 1] !== 0 && cells[cellOf(place)] !== wanted) place = next(place);
    return cellOf(place);
  }

  /** Moves into an empty place whoever is farther from home than that, so that every search that begins before it ends right. */
  #close(at: number): void {
    const cells = this.#cells;
    let hole = (at - TABLE) / 2;
    for (let place = next(hole); cells[cellOf(place) + 1] !== 0; place = next(place)) {
      const from = cellOf(place);
      const isBehind = ((place - home(cells[from]!)) & LAST) >= ((place - hole) & LAST);
      if (!isBehind) continue;
      cells.copyWithin(cellOf(hole), from, from + 2);
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
  return TABLE + 2 * place;
}
