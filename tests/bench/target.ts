import type { Peer } from "./peers/peer.ts";
import { Child } from "./process.ts";
import { processorSeconds } from "./proc.ts";
import { listening } from "./waiting.ts";

/** A way to the engine that can be loaded. */
export interface Target {
  readonly socket: string;
  /** The relay's process; none on the direct way. */
  readonly pid?: number;
  /** The file that gets a line a request, when the relay logs. */
  readonly log?: string;
}

/** A peer that runs in front of one upstream. */
export class RunningPeer implements Target, AsyncDisposable {
  readonly socket: string;
  readonly pid: number;
  readonly log?: string;
  readonly #child: Child;

  private constructor(peer: Peer, directory: string, child: Child) {
    this.socket = `${directory}/d.sock`;
    this.pid = child.pid;
    if (peer.log !== undefined) this.log = `${directory}/${peer.log}`;
    this.#child = child;
  }

  get ended(): boolean {
    return this.#child.ended;
  }

  /** Starts a peer with its files in a new folder of `directory`, and waits until it listens. */
  static async start(peer: Peer, upstream: string, directory: string): Promise<RunningPeer> {
    const running = await RunningPeer.launch(peer, upstream, directory);
    try {
      await listening(running.socket, running.#child);
    } catch (error) {
      throw new Error(`${peer.name} does not start: ${(error as Error).message}`);
    }
    return running;
  }

  /** The same without waiting. */
  static async launch(peer: Peer, upstream: string, directory: string): Promise<RunningPeer> {
    const own = await Deno.makeTempDir({ dir: directory });
    const command = peer.command({ directory: own, socket: `${own}/d.sock`, upstream });
    const child = new Child(command.program, command.args, {
      log: `${own}/stderr`,
      ...(command.env === undefined ? {} : { env: command.env }),
    });
    return new RunningPeer(peer, own, child);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#child[Symbol.asyncDispose]();
  }
}

/** Runs `load` and tells the processor seconds that the target's relay, if there is one, spent meanwhile. */
export async function metered<T extends object>(
  { pid }: Target,
  load: () => Promise<T>,
): Promise<T & { readonly cpu?: number }> {
  const before = pid === undefined ? 0 : processorSeconds(pid);
  const result = await load();
  return pid === undefined ? result : { ...result, cpu: processorSeconds(pid) - before };
}
