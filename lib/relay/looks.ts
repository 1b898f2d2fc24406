/**
 * Looks at containers' processes, one at a time for each container: a look at one with many descriptors takes long, and no other
 * container waits for that.
 */
export class Looks {
  /** The end of the last look at each. */
  readonly #last = new Map<string, Promise<void>>();

  /** Calls `told` with what a look has found, and with undefined where it failed. */
  add(
    container: string,
    look: () => Promise<boolean | undefined>,
    told: (found: boolean | undefined) => void,
  ): void {
    const before = this.#last.get(container) ?? Promise.resolve();
    const last = before.then(look).catch(() => undefined).then(told).finally(() => {
      if (this.#last.get(container) === last) this.#last.delete(container);
    });
    this.#last.set(container, last);
  }
}
