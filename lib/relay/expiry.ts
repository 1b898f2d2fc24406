import type { Deadline } from "./deadlines.ts";
import type { Loop } from "./loop.ts";

/** The longest step, in seconds. */
const LONGEST = 2 ** 16;

/**
 * Calls back once when a time of the calendar has come, which may be years away, and which the machine's clock may be set to meanwhile.
 * It goes there by steps, each the greatest power of two in seconds that fits, since the loop has a queue for each length.
 */
export class Expiry {
  readonly #loop: Pick<Loop, "after">;
  readonly #at: number;
  readonly #expired: () => void;
  #deadline: Deadline | undefined;

  /** `at`: milliseconds since 1970. */
  constructor(loop: Pick<Loop, "after">, at: number, expired: () => void) {
    this.#loop = loop;
    this.#at = at;
    this.#expired = expired;
    this.#wait();
  }

  cancel(): void {
    this.#deadline?.cancel();
    this.#deadline = undefined;
  }

  #wait(): void {
    const seconds = Math.max(1, Math.min(LONGEST, (this.#at - Date.now()) / 1000));
    this.#deadline = this.#loop.after(1000 * 2 ** Math.floor(Math.log2(seconds))).add({
      expire: () => {
        if (Date.now() < this.#at) return this.#wait();
        this.#deadline = undefined;
        this.#expired();
      },
      close: () => this.cancel(),
    });
  }
}
