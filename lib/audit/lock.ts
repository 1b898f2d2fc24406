const FREE = 0;
const HELD = 1;
/** Held, and somebody waits for it. */
const WANTED = 2;

/** A lock between threads, in shared memory: one operation where nobody else wants it (Drepper, "Futexes Are Tricky", mutex 2). */
export class Lock {
  readonly #cell: Int32Array;

  /** `cell`: one number in shared memory, 0 at first. */
  constructor(cell: Int32Array) {
    this.#cell = cell;
  }

  acquire(): void {
    const cell = this.#cell;
    if (Atomics.compareExchange(cell, 0, FREE, HELD) === FREE) return;
    while (Atomics.exchange(cell, 0, WANTED) !== FREE) Atomics.wait(cell, 0, WANTED);
  }

  release(): void {
    if (Atomics.exchange(this.#cell, 0, FREE) === WANTED) Atomics.notify(this.#cell, 0, 1);
  }
}
