/** Something to be called back. */
export interface Waiting {
  /** Called once its time is over. */
  expire(): void;
}

/** Callbacks after one fixed time each: since the time is the same for all, the first in is the first out and nothing needs sorting. */
export class Deadlines {
  readonly #after: number;
  readonly #queue: { readonly at: number; readonly waiting: Waiting }[] = [];
  #head = 0;

  /** `after`: milliseconds from `add` to `expire`. */
  constructor(after: number) {
    this.#after = after;
  }

  add(waiting: Waiting): void {
    this.#queue.push({ at: performance.now() + this.#after, waiting });
  }

  /** Milliseconds until the next one is due, 0 if one is, Infinity if there is none. */
  next(): number {
    const first = this.#queue[this.#head];
    return first === undefined ? Infinity : Math.max(0, first.at - performance.now());
  }

  /** Calls back all that are due. */
  run(): void {
    const now = performance.now();
    // Whatever adds itself again from within `expire` gets a later time, so this ends.
    for (let due = this.#queue[this.#head]; due !== undefined && due.at <= now;) {
      this.#head++;
      due.waiting.expire();
      due = this.#queue[this.#head];
    }
    if (this.#head === this.#queue.length || this.#head > 1024) {
      this.#queue.splice(0, this.#head);
      this.#head = 0;
    }
  }
}
