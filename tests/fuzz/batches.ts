import type { Order, Report } from "./worker.ts";

/** A worker that can be given up. */
export class Batches implements Disposable {
  readonly #worker = new Worker(new URL("worker.ts", import.meta.url), { type: "module" });

  /** What came of a batch, or undefined when it does not end within `patience` milliseconds. */
  async run(order: Order, patience: number): Promise<Report | undefined> {
    const { promise, resolve, reject } = Promise.withResolvers<Report | undefined>();
    this.#worker.onmessage = ({ data }: MessageEvent<Report>) => resolve(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(event.message));
    };
    const timer = setTimeout(() => resolve(undefined), patience);
    this.#worker.postMessage(order);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}
