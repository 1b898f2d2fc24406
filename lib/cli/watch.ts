import { dirname } from "node:path";
import type { ConfigFs } from "../config/fs.ts";
import type { Sources } from "../config/recording.ts";
import { walk } from "../config/walk.ts";
import { ENOENT, SystemError } from "../linux/errno.ts";
import { Inotify } from "../linux/inotify.ts";

/** Files are changed one after the other: this long nothing more must happen, in milliseconds. */
const QUIET_MS = 200;
/** But a folder in which something happens all the time is read at least this often. */
const MOST_MS = 2000;
/** How often the kernel is asked whether something has happened. */
const LOOK_MS = 250;

/**
 * Watches the folders in which the files of a configuration stand, with those of every link on the way: an editor puts a new file
 * in the place of the old one, and a ConfigMap a new link (inotify(7) watches what is there, not what a name leads to).
 */
export class Watch {
  readonly #fs: ConfigFs;
  readonly #changed: () => void;
  readonly #warn: (message: string) => void;
  #inotify: Inotify | undefined;
  #looking: ReturnType<typeof setInterval> | undefined;
  #watched = "";
  #names: ReadonlySet<string> = new Set();
  #folders: ReadonlySet<string> = new Set();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #since = 0;

  /** `changed` is called when something has happened and it is quiet again. */
  constructor(fs: ConfigFs, changed: () => void, warn: (message: string) => void) {
    this.#fs = fs;
    this.#changed = changed;
    this.#warn = warn;
  }

  /** Follows these files from now on. What changed before they were watched is looked for once more. */
  follow({ files, folders }: Sources): void {
    const names = new Set<string>();
    const places = new Set<string>();
    const full = new Set<string>();
    for (const path of [...files, ...folders]) {
      const steps = walk(this.#fs, path);
      for (const { path: place, stat } of steps) {
        names.add(place);
        if ("failure" in stat || stat.target !== undefined) places.add(dirname(place));
      }
      const { path: last, stat } = steps.at(-1)!;
      if (folders.has(path)) full.add(last);
      else places.add(dirname(last));
      // A file itself, too: one that is mounted over a name is changed in a folder that cannot be seen from here.
      if (!("failure" in stat)) places.add(last);
    }
    this.#names = names;
    this.#folders = full;
    const watched = [...places].map(identity).sort().join("\n");
    if (watched === this.#watched) return;
    this.#watched = watched;
    this.#stop();
    try {
      this.#inotify = new Inotify(places);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      if (error.errno === ENOENT) {
        // Gone since it was looked at: by then it has changed again.
        this.#watched = "";
        this.soon();
        return;
      }
      this.#warn(
        `changes of the configuration cannot be watched: ${error.message}; ` +
          "send SIGHUP after a change",
      );
      return;
    }
    this.#looking = setInterval(() => this.#look(), LOOK_MS);
    this.soon();
  }

  /** Calls `changed` when it has been quiet for a while. */
  soon(): void {
    const now = performance.now();
    if (this.#timer === undefined) this.#since = now;
    else clearTimeout(this.#timer);
    const rest = Math.max(0, Math.min(QUIET_MS, this.#since + MOST_MS - now));
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#changed();
    }, rest);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#stop();
    this.#watched = "";
  }

  #stop(): void {
    clearInterval(this.#looking);
    this.#inotify?.close();
    this.#inotify = undefined;
  }

  #look(): void {
    const { paths, lost } = this.#inotify!.changes();
    if (lost || paths.some((path) => this.#counts(path))) this.soon();
  }

  #counts(path: string): boolean {
    return this.#names.has(path) || this.#folders.has(dirname(path));
  }
}

/** What tells a folder from another that takes its name. */
function identity(path: string): string {
  try {
    const { dev, ino } = Deno.statSync(path);
    return `${path} ${dev}:${ino}`;
  } catch {
    return path;
  }
}
