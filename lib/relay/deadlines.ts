/** Something to be called back. */
export interface Waiting {
  /** Called once its time is over. */
  expire(): void;
}

/** A callback that is due at a time, until it is cancelled. */
export class Deadline {
  readonly at: number;
  #waiting: Waiting | undefined;

  constructor(at: number, waiting: Waiting) {
    this.at = at;
    this.#waiting = waiting;
  }

  /** Lets go of whoever waits: the queue may hold on to this for long. */
  cancel(): void {
    this.#waiting = undefined;
  }

  expire(): void {
    this.#waiting?.expire();
  }
}

/** Callbacks after one fixed time each: since the time is the same for all, the first in is the first out and nothing needs sorting. */
export class Deadlines {
  readonly #after: number;
  readonly #queue: Deadline[] = [];
  #head = 0;

  /** `after`: milliseconds from `add` to `expire`. */
  constructor(after: number) {
    this.#after = after;
  }

  add(waiting: Waiting): Deadline {
    const deadline = new Deadline(performance.now() + this.#after, waiting);
    this.#queue.push(deadline);
    return deadline;
  }

  /** Milliseconds until the next one is due, 0 if one is, Infinity if there is none. */
  next(): number {
    const first = this.#queue[this.#head];
    return first === undefined ? Infinity : Math.max(0, first.at - performance.now());
  }

  /** Calls back all that are due; what one throws goes to `failed`, and the others are called all the same. */
  run(failed: (error: unknown) => void): void {
    const now = performance.now();
    // Whatever adds itself again from within `expire` gets a later time, so this ends.
    for (let due = this.#queue[this.#head]; due !== undefined && due.at <= now;) {
      this.#head++;
      try {
        due.expire();
      } catch (error) {
        failed(error);
      }
      due = this.#queue[this.#head];
    }
    if (this.#head === this.#queue.length || this.#head > 1024) {
      this.#queue.splice(0, this.#head);
      this.#head = 0;
    }
  }
}
