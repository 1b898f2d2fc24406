import type { FarEnd } from "../peer/far_end.ts";

/** Gets what the main thread has found. */
type Told = (holds: boolean | undefined) => void;

/** A worker's questions of whether containers hold the connections that seem to be theirs: the main thread looks, and answers later. */
export class FarEnds {
  readonly #ask: (number: number, end: FarEnd) => void;
  readonly #waiting = new Map<number, Told>();
  readonly #warn: (message: string) => void;
  #last = 0;
  #isBlind = false;

  /** `ask` passes a question on; its answer comes by `learn`. */
  constructor(
    ask: (number: number, end: FarEnd) => void,
    warn: (message: string) => void = () => {},
  ) {
    this.#ask = ask;
    this.#warn = warn;
  }

  /** A container is there, and whether a connection is its own cannot be seen: says so, once. */
  blind(): void {
    if (this.#isBlind) return;
    this.#isBlind = true;
    this.#warn(
      "cannot see which processes hold the connections of containers: rules about containers and labels deny. It takes " +
        "the host's processes in /proc and the right to see their descriptors: as root with CAP_SYS_PTRACE, or as the user " +
        "of a rootless engine, and without run_as",
    );
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
