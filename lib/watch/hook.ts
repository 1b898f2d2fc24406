import { asJson, resultOf, type Sighting } from "./sighting.ts";

/** Runs a command, as `World.tell` does. */
export type Tell = (
  words: readonly [string, ...string[]],
  env: Readonly<Record<string, string>>,
  stdin: string,
  most: number,
) => Promise<number | undefined>;

/** Commands at once. */
const AT_ONCE = 4;
/** Bypasses that wait for one. */
const MOST_WAITING = 100;
/** How long a command may take, in milliseconds. */
const MOST_MS = 30_000;

/** Runs a command for each bypass, a few at a time, and never makes the watch wait. */
export class Hook {
  readonly #words: readonly [string, ...string[]];
  readonly #tell: Tell;
  readonly #warn: (message: string) => void;
  readonly #waiting: Sighting[] = [];
  #running = 0;
  #dropped = 0;
  #idle: (() => void) | undefined;

  constructor(words: readonly [string, ...string[]], tell: Tell, warn: (message: string) => void) {
    this.#words = words;
    this.#tell = tell;
    this.#warn = warn;
  }

  run(sighting: Sighting): void {
    if (this.#waiting.length >= MOST_WAITING) {
      // Told once for a crowd, when the last of it has had its turn.
      this.#dropped++;
      return;
    }
    this.#waiting.push(sighting);
    this.#next();
  }

  /** Resolves when all commands have ended; those that wait are not started any more. */
  async close(): Promise<void> {
    this.#waiting.length = 0;
    if (this.#running === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#idle = resolve;
    await promise;
  }

  #next(): void {
    while (this.#running < AT_ONCE && this.#waiting.length > 0) {
      this.#running++;
      this.#one(this.#waiting.shift()!);
    }
    if (this.#waiting.length === 0 && this.#dropped > 0) {
      this.#warn(`--exec was not run for ${this.#dropped} bypasses: too many at once`);
      this.#dropped = 0;
    }
  }

  async #one(sighting: Sighting): Promise<void> {
    const [program] = this.#words;
    try {
      const json = `${JSON.stringify(asJson(sighting))}\n`;
      const code = await this.#tell(this.#words, facts(sighting), json, MOST_MS);
      if (code === undefined) this.#warn(`--exec ${program}: there is no such program`);
      else if (code !== 0) this.#warn(`--exec ${program} ended with ${code}`);
    } catch (error) {
      this.#warn(`--exec ${program}: ${(error as Error).message}`);
    }
    this.#running--;
    if (this.#running === 0 && this.#waiting.length === 0) this.#idle?.();
    this.#next();
  }
}

/** What a command finds in its environment; what is not known is "". No value holds a NUL byte: the kernel ends strings there. */
export function facts(sighting: Sighting): Record<string, string> {
  const { time, socket, uid, user, pid, comm, exe, command, container, parent } = sighting;
  const all = {
    TIME: new Date(time).toISOString(),
    SOCKET: socket,
    RESULT: resultOf(sighting),
    UID: String(uid),
    USER: user ?? "",
    PID: String(pid),
    COMM: comm ?? "",
    EXE: exe ?? "",
    COMMAND: command?.join(" ") ?? "",
    CONTAINER: container ?? "",
    PARENT_PID: parent === undefined ? "" : String(parent.pid),
    PARENT_EXE: parent?.exe ?? "",
  };
  return Object.fromEntries(
    Object.entries(all).map(([name, value]) => [`POSTERN_${name}`, value.replaceAll("\0", " ")]),
  );
}

/** A command line as words, without a shell: split at white space, but not between '…' or "…". Undefined when a quote is not closed. */
export function commandWords(text: string): string[] | undefined {
  const words: string[] = [];
  const rest = text.replace(/\s*((?:'[^']*'|"[^"]*"|[^\s'"])+)/gy, (_, word: string) => {
    words.push(
      word.replace(/'([^']*)'|"([^"]*)"/g, (_, one?: string, two?: string) => one ?? two!),
    );
    return "";
  });
  return rest.trim() === "" ? words : undefined;
}
