import { mend } from "./bind.ts";
import { openListeners, type Standing } from "./standing.ts";

/** How often the sockets' files are looked at, in milliseconds. */
const EVERY_MS = 1000;

/**
 * Keeps the sockets of the listeners as they are configured: mode and owner are set again where somebody changed them, a file
 * that was removed is made again, and one that rotates is made anew when its time is over. What was handed over is looked after
 * by whoever opened it.
 */
export class Upkeep {
  readonly #standing: () => readonly Standing[];
  readonly #move: (old: Standing, next: Standing) => Promise<void>;
  readonly #log: (level: "info" | "warning", message: string) => void;
  readonly #timer: ReturnType<typeof setInterval>;
  /** What was said last to be wrong with a listener: it is not said again every second. */
  readonly #told = new Map<string, string>();
  #busy = false;

  /** `move` puts a listener's new socket in the place of its old one. */
  constructor(
    standing: () => readonly Standing[],
    move: (old: Standing, next: Standing) => Promise<void>,
    log: (level: "info" | "warning", message: string) => void,
  ) {
    this.#standing = standing;
    this.#move = move;
    this.#log = log;
    this.#timer = setInterval(() => this.#look(), EVERY_MS);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** One look at a time: a worker may be slow to take up a socket. */
  async #look(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      await Promise.all(this.#standing().map((one) => this.#keep(one)));
    } finally {
      this.#busy = false;
    }
  }

  async #keep(one: Standing): Promise<void> {
    const { name, socket, rotate } = one.options;
    try {
      const found = mend(one.options, one.bound);
      if (found === "missing") {
        await this.#renew(one, false);
        this.#log("warning", `${socket} (${name}) was removed by somebody: it is there again`);
      } else if (found !== undefined) {
        this.#log("warning", `${socket} (${name}) had ${found}: set back to what is configured`);
      } else if (isDue(one)) {
        await this.#renew(one, true);
        this.#log("info", `${socket} (${name}) was made anew, as every ${rotate} seconds`);
      }
      this.#told.delete(name);
    } catch (error) {
      const { message } = error as Error;
      if (this.#told.get(name) === message) return;
      this.#told.set(name, message);
      this.#log("warning", `${socket} (${name}) cannot be kept as configured: ${message}`);
    }
  }

  async #renew(one: Standing, there: boolean): Promise<void> {
    const [next] = openListeners(
      [one.options],
      new Map(there ? [[one.options.socket, one.bound.fd]] : []),
    );
    await this.#move(one, next!);
  }
}

function isDue({ options: { rotate }, handedOver, since }: Standing): boolean {
  return handedOver === undefined && rotate !== undefined &&
    performance.now() - since >= rotate * 1000;
}
