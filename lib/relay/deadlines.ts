/** Something to be called back. */
export interface Waiting {
  /** Called once its time is over. */
  expire(): void;
  /** Ends what was waiting, when `expire` has thrown. */
  close(): void;
}

/** A callback that is due at a time, until it is cancelled. */
export class Deadline {
  /** On performance.now()'s clock. */
  readonly at: number;
  readonly waiting: Waiting | undefined;
  before: Deadline = this;
  after: Deadline = this;

  constructor(at: number, waiting?: Waiting) {
    this.at = at;
    this.waiting = waiting;
  }

  /** Leaves its queue at once: whoever sets a deadline for each request would fill it. */
  cancel(): void {
    this.before.after = this.after;
    this.after.before = this.before;
    this.before = this.after = this;
  }
}

/** Callbacks after one fixed time each: since the time is the same for all, the first in is the first out and nothing needs sorting. */
export class Deadlines {
  readonly #after: number;
  /** The ring's own place: behind it stands the first, before it the last. */
  readonly #ring = new Deadline(Infinity);

  /** `after`: milliseconds from `add` to `expire`. */
  constructor(after: number) {
    this.#after = after;
  }

  add(waiting: Waiting): Deadline {
    const deadline = new Deadline(performance.now() + this.#after, waiting);
    const last = this.#ring.before;
    deadline.before = last;
    deadline.after = this.#ring;
    last.after = this.#ring.before = deadline;
    return deadline;
  }

  /** Milliseconds until the next one is due, 0 if one is, Infinity if there is none. */
  next(): number {
    return Math.max(0, this.#ring.after.at - performance.now());
  }

  /** Calls back all that are due; one that throws is closed and goes to `failed`, and the others are called all the same. */
  run(failed: (error: unknown) => void): void {
    const now = performance.now();
    // Whatever adds itself again from within `expire` gets a later time, so this ends.
    for (let due = this.#ring.after; due.at <= now; due = this.#ring.after) {
      due.cancel();
      try {
        due.waiting?.expire();
      } catch (error) {
        failed(error);
        due.waiting?.close();
      }
    }
  }
}
