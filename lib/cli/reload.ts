import { authzChanges, connectionChanges, gateChanges, restartKeys } from "../config/changes.ts";
import { formatDiagnostics } from "../config/diagnostics.ts";
import { type ConfigFs, denoFs } from "../config/fs.ts";
import type { LoadResult } from "../config/load.ts";
import { recording } from "../config/recording.ts";
import type { Config } from "../config/types.ts";
import { SystemError } from "../linux/errno.ts";
import { BindError } from "../relay/bind.ts";
import type { Applied } from "../relay/gate.ts";
import { areSameListeners } from "../relay/standing.ts";
import type { Log } from "./log.ts";
import type { Supervisor } from "./supervisor.ts";
import { Watch } from "./watch.ts";

/** What could not be taken up, and why. */
interface Problem {
  readonly level: "warning" | "error";
  readonly text: string;
}

const OLD_STAYS = "the configuration stays as it was";

/** Reads the configuration once more. */
export type LoadAgain = (fs: ConfigFs) => LoadResult;

/** What other rules can be given to. Throws with nothing changed. */
export interface Changeable {
  apply(config: Config, revoke: boolean): Promise<Applied>;
}

/** Takes up changes of the configuration while the gate stands: whole, or not at all. */
export class Reloader {
  readonly #gate: Changeable;
  readonly #log: Log;
  readonly #supervisor: Supervisor;
  readonly #load: LoadAgain;
  readonly #watch: Watch;
  /** What was started: some of it cannot change. */
  readonly #started: Config;
  #config: Config;
  /** What was said last to be wrong: at each change of something else it is not said again. */
  #told = "";
  #running: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(config: Config, gate: Changeable, load: LoadAgain, log: Log, supervisor: Supervisor) {
    this.#config = config;
    this.#started = config;
    this.#gate = gate;
    this.#load = load;
    this.#log = log;
    this.#supervisor = supervisor;
    this.#watch = new Watch(denoFs, () => this.#start(false), (message) => log.warning(message));
    if (config.reload.watch) this.#watch.soon();
  }

  /** What counts now. */
  get config(): Config {
    return this.#config;
  }

  /** Somebody asks for it, and is answered whatever comes of it. */
  ask(): void {
    this.#start(true);
  }

  /** Takes up nothing more; ends when what was begun is done. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
    this.#watch.close();
  }

  /** One after the other: each sees what the one before it made. */
  #start(asked: boolean): void {
    if (this.#closed) return;
    this.#running = this.#running.then(() => this.#reload(asked));
  }

  async #reload(asked: boolean): Promise<void> {
    this.#supervisor.reloading();
    const problem = await this.#takeUp(asked).catch(({ stack }: Error): Problem => ({
      level: "error",
      text: `${OLD_STAYS} by a fault in Postern, please report it: ${stack}`,
    }));
    if (problem !== undefined && (asked || problem.text !== this.#told)) {
      this.#log[problem.level](problem.text);
    }
    this.#told = problem?.text ?? "";
    this.#supervisor.ready();
  }

  /** Everything that could not be taken up, or nothing. */
  async #takeUp(asked: boolean): Promise<Problem | undefined> {
    const { fs, sources } = recording(denoFs);
    const loaded = this.#load(fs);
    const wanted = loaded.ok ? loaded.config : this.#config;
    if (wanted.reload.watch) this.#watch.follow(sources);
    else this.#watch.close();
    if (!loaded.ok) {
      const found = formatDiagnostics(loaded.diagnostics, loaded.sources, { color: false });
      return {
        level: "error",
        text: `${OLD_STAYS}, the new one is not valid:\n${found.trimEnd()}`,
      };
    }
    const running = this.#config;
    const changes = [
      ...gateChanges(running.gate, wanted.gate),
      ...connectionChanges(running, wanted),
      ...authzChanges(running, wanted),
    ];
    if (changes.length > 0 || !areSameListeners(running.listeners, wanted.listeners)) {
      try {
        const applied = await this.#gate.apply(wanted, wanted.reload.revoke === "close");
        changes.push(...consequences(applied));
      } catch (error) {
        if (!(error instanceof BindError || error instanceof SystemError)) throw error;
        return { level: "error", text: `${OLD_STAYS}: ${error.message}` };
      }
    }
    this.#config = wanted;
    if (changes.length > 0) this.#log.info(`configuration taken up: ${changes.join("; ")}`);
    else if (asked || this.#told !== "") this.#log.info("configuration read: nothing has changed");
    const keys = restartKeys(this.#started, wanted);
    if (keys.length === 0) return undefined;
    return { level: "warning", text: `not taken up until a restart: ${keys.join(", ")}` };
  }
}

/** What became of listeners and of those who were connected, in words. */
function consequences({ opened, closed, revoked }: Applied): string[] {
  const said = (what: string, names: readonly string[]) =>
    names.length === 0 ? [] : [`listener ${names.join(", ")} ${what}`];
  return [
    ...said("opened", opened.filter((name) => !closed.includes(name))),
    ...said("opened anew", opened.filter((name) => closed.includes(name))),
    ...said("closed", closed.filter((name) => !opened.includes(name))),
    ...(revoked === 0 ? [] : [ended(revoked)]),
  ];
}

function ended(count: number): string {
  return count === 1
    ? "1 running request ended: it is not allowed any more"
    : `${count} running requests ended: they are not allowed any more`;
}
