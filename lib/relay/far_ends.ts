import type { FarEnd } from "../peer/far_end.ts";

/** Gets what the main thread has found. */
type Told = (holds: boolean | undefined) => void;

/** A worker's questions of whether containers hold the connections that seem to be theirs: the main thread looks, and answers later. */
export class FarEnds {
  readonly #ask: (number: number, end: FarEnd) => void;
  readonly #waiting = new Map<number, Told>();
  #last = 0;

  /** `ask` passes a question on; its answer comes by `learn`. */
  constructor(ask: (number: number, end: FarEnd) => void) {
    this.#ask = ask;
  }

  /** Calls `told` once, later; not after `forget`. */
  ask(end: FarEnd, told: Told): number {
    const number = ++this.#last;
    this.#waiting.set(number, told);
    this.#ask(number, end);
    return number;
  }

  /** Nobody waits for this answer any more. */
  forget(number: number): void {
    this.#waiting.delete(number);
  }

  learn(number: number, holds: boolean | undefined): void {
    const told = this.#waiting.get(number);
    this.#waiting.delete(number);
    told?.(holds);
  }
}
