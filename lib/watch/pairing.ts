import type { Accepted, Connected } from "./trace_line.ts";

/** How long an accept waits for the client's side of the same connection, which knows more, in milliseconds. */
const WAIT_MS = 50;
/** Connections of which one side was seen and the other may still come. */
const MOST = 4096;

/**
 * Makes one of the two sides of a connection, which come in either order: the server may be faster than the end of the client's
 * call. Some have one side only: nobody accepts them, or they were made without connect(2), by io_uring for example.
 */
export class Pairing<T> {
  readonly #lookAt: (side: Connected | Accepted) => T;
  readonly #report: (side: Connected | Accepted, seen: T) => void;
  /** Sides that were reported, by the connection, for the other to be dropped. */
  readonly #reported = new Map<string, "connected" | "accepted">();
  readonly #waiting = new Map<string, ReturnType<typeof setTimeout>>();

  /** `lookAt` is called as soon as a side is there, since its process may be gone a moment later; `report` with what it gave. */
  constructor(
    lookAt: (side: Connected | Accepted) => T,
    report: (side: Connected | Accepted, seen: T) => void,
  ) {
    this.#lookAt = lookAt;
    this.#report = report;
  }

  take(side: Connected | Accepted): void {
    // The kernel may use the memory of a connection that ended again: for the same process is unlikely.
    const key = `${side.socket} ${side.pid}`;
    const before = this.#reported.get(key);
    if (before !== undefined && before !== side.kind) {
      this.#reported.delete(key);
      return;
    }
    const timer = this.#waiting.get(key);
    if (timer === undefined && side.kind === "accepted") {
      const seen = this.#lookAt(side);
      const given = setTimeout(() => {
        this.#waiting.delete(key);
        this.#remember(key, side.kind);
        this.#report(side, seen);
      }, WAIT_MS);
      this.#waiting.set(key, given);
      return;
    }
    if (side.kind === "accepted") return;
    clearTimeout(timer);
    this.#waiting.delete(key);
    if (timer === undefined) this.#remember(key, side.kind);
    this.#report(side, this.#lookAt(side));
  }

  close(): void {
    for (const timer of this.#waiting.values()) clearTimeout(timer);
    this.#waiting.clear();
  }

  #remember(key: string, kind: "connected" | "accepted"): void {
    this.#reported.delete(key);
    this.#reported.set(key, kind);
    if (this.#reported.size > MOST) this.#reported.delete(this.#reported.keys().next().value!);
  }
}
