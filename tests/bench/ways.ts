import type { Way } from "./peers/peer.ts";
import { RunningPeer, type Target } from "./target.ts";

/** The ways to one upstream: each relay is started when it is first needed, and anew after it has ended. */
export class Ways implements AsyncDisposable {
  readonly #upstream: string;
  readonly #directory: string;
  readonly #running = new Map<string, RunningPeer>();

  constructor(upstream: string, directory: string) {
    this.#upstream = upstream;
    this.#directory = directory;
  }

  /** Throws when its relay does not start. */
  async target(way: Way): Promise<Target> {
    if (way.command === undefined) return { socket: this.#upstream };
    const running = this.#running.get(way.name);
    if (running?.ended === false) return running;
    const started = await RunningPeer.start(way, this.#upstream, this.#directory);
    this.#running.set(way.name, started);
    return started;
  }

  async end({ name }: Way): Promise<void> {
    await this.#running.get(name)?.[Symbol.asyncDispose]();
    this.#running.delete(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const running of this.#running.values()) await running[Symbol.asyncDispose]();
  }
}
