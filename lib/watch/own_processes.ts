import { close } from "../linux/io.ts";
import { peerCredentials, whileAlive } from "../linux/peercred.ts";
import { connect, unixAddress, unixSocket } from "../linux/socket.ts";
import { isInCgroup, isInContainer } from "./inside.ts";
import { heldAt, socketsOf } from "./inherited.ts";
import { startOf } from "./process.ts";
import type { ProcessId } from "./program.ts";

/** A process that is not Postern's is asked about again after this long, in milliseconds: a gate that starts first opens its sockets. */
const KEEP_MS = 1000;
const MOST_STRANGERS = 4096;
/** For so long a process is Postern's after its end, for what it did before, in milliseconds. */
const AFTER_MS = 3000;
/** systemd, which listens on the sockets that it hands over. */
const INIT = 1;

/**
 * Postern's own processes: those that listen on the intercept sockets. Whoever connects to a socket is told by the kernel who called
 * listen(2) on it (SO_PEERCRED, unix(7)); names, paths of programs and users can be another's. Where that is the service manager, it
 * is who else holds the manager's socket. Who listens from inside a container may be anybody who has the sockets' folder mounted: it
 * counts only in a cgroup that is named.
 */
export class OwnProcesses {
  readonly #sockets: readonly string[];
  readonly #manager: number;
  readonly #cgroups: readonly string[];
  readonly #warn: (message: string) => void;
  /** By pid, when it began. */
  readonly #own = new Map<number, string>();
  /** Those of them that have ended, and when that was seen. */
  readonly #ended = new Map<number, number>();
  /** When a process that listens on none of them was asked about. */
  readonly #strangers = new Map<number, number>();
  /** Sockets on which the service manager listens. */
  #managed: readonly string[] = [];

  /** Others that listen, by pid, which were told of. */
  readonly #foreign = new Map<number, string>();

  /** `warn` hears, once for each, of listeners that do not count. */
  constructor(
    interceptSockets: readonly string[],
    warn: (message: string) => void,
    cgroups: readonly string[] = [],
    manager = INIT,
  ) {
    this.#sockets = interceptSockets;
    this.#warn = warn;
    this.#cgroups = cgroups;
    this.#manager = manager;
    this.#look();
  }

  /** Who listens, in words for the log. */
  describe(): string {
    const pids = [...this.#own.keys()].join(", ");
    if (this.#sockets.length === 0) {
      return "it listens on TCP alone, so that its own connections cannot be told from others'";
    }
    if (pids !== "") return `Postern is process ${pids}`;
    return this.#managed.length > 0
      ? "Postern is who takes the sockets of the service manager's"
      : "Postern does not run";
  }

  /** Those that run now, as far as they are known. */
  running(): readonly ProcessId[] {
    this.#look();
    return [...this.#own].map(([pid, began]) => ({ pid, began }))
      .filter(({ pid, began }) => startOf(pid) === began);
  }

  /** Sees who has ended, for `has` to know it soon enough. */
  refresh(now = performance.now()): void {
    for (const [pid, began] of this.#own) {
      if (startOf(pid) === began) continue;
      const ended = this.#ended.get(pid) ?? now;
      this.#ended.set(pid, ended);
      if (now - ended < AFTER_MS) continue;
      this.#own.delete(pid);
      this.#ended.delete(pid);
    }
  }

  /** Whether it is, or was a moment ago, Postern's. `began` is when the process that had this pid began, where that is known. */
  has(pid: number, began?: string, now = performance.now()): boolean {
    if (this.#isOwn(pid, began)) return true;
    const asked = this.#strangers.get(pid);
    if (asked !== undefined && now - asked < KEEP_MS) return false;
    this.#look();
    this.#lookAt(pid);
    if (this.#isOwn(pid, began)) return true;
    if (this.#strangers.size >= MOST_STRANGERS) this.#strangers.clear();
    this.#strangers.set(pid, now);
    return false;
  }

  #isOwn(pid: number, began: string | undefined): boolean {
    const own = this.#own.get(pid);
    if (own === undefined || began !== undefined) return own !== undefined && own === began;
    const now = startOf(pid);
    // It has ended since it made this connection.
    return now === undefined || now === own;
  }

  #look(): void {
    const managed: string[] = [];
    for (const socket of this.#sockets) {
      const listener = whoListens(socket);
      if (listener?.pid === this.#manager) managed.push(socket);
      else if (listener !== undefined && !this.#isForeign(listener, socket)) {
        this.#add(listener);
      }
    }
    this.#managed = managed;
  }

  #add({ pid, began }: ProcessId): void {
    this.#own.set(pid, began);
    this.#ended.delete(pid);
  }

  #isForeign({ pid, began }: ProcessId, socket: string): boolean {
    if (!isInContainer(pid) || isInCgroup(pid, this.#cgroups)) return false;
    if (this.#foreign.get(pid) === began) return true;
    if (this.#foreign.size >= MOST_STRANGERS) this.#foreign.clear();
    this.#foreign.set(pid, began);
    this.#warn(
      `process ${pid} listens at ${socket} from inside a container, as all can who have that folder mounted: it is not taken ` +
        "for Postern; if it is, name its cgroup with --gate-cgroup",
    );
    return true;
  }

  #lookAt(pid: number): void {
    if (this.#managed.length === 0 || pid === this.#manager) return;
    const began = startOf(pid);
    const held = socketsOf(pid);
    const isHolder = this.#managed.some((path) =>
      heldAt(path, this.#manager).some((inode) => held.has(inode))
    );
    if (!isHolder || began === undefined || began !== startOf(pid)) return;
    if (!this.#isForeign({ pid, began }, this.#managed[0]!)) this.#add({ pid, began });
  }
}

/** Whoever listens on a socket, or undefined when it cannot be told. Connects, and ends the connection at once. */
function whoListens(path: string): ProcessId | undefined {
  const fd = unixSocket(false);
  if (fd < 0) return undefined;
  try {
    if (connect(fd, unixAddress(path)) < 0) return undefined;
    const pid = peerCredentials(fd)?.pid ?? 0;
    if (pid === 0) return undefined;
    const began = whileAlive(fd, pid, () => startOf(pid));
    return began === undefined ? undefined : { pid, began };
  } finally {
    close(fd);
  }
}
