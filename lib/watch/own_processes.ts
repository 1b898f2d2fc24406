import { close } from "../linux/io.ts";
import { peerCredentials, whileAlive } from "../linux/peercred.ts";
import { connect, unixAddress, unixSocket } from "../linux/socket.ts";
import { startOf } from "./process.ts";

/** A process that is not Postern's is asked about again after this long, in milliseconds: a gate that starts first opens its sockets. */
const KEEP_MS = 1000;
const MOST_STRANGERS = 4096;
/** systemd, which listens on sockets that it has not handed over yet. */
const INIT = 1;

/**
 * Postern's own processes: those that listen on the intercept sockets. Whoever connects to a socket is told by the kernel who called
 * listen(2) on it (SO_PEERCRED, unix(7)); names, paths of programs and users can be another's.
 */
export class OwnProcesses {
  readonly #sockets: readonly string[];
  /** By pid, when it began. */
  readonly #own = new Map<number, string>();
  /** When a process that listens on none of them was asked about. */
  readonly #strangers = new Map<number, number>();

  constructor(interceptSockets: readonly string[]) {
    this.#sockets = interceptSockets;
    this.#look();
  }

  /** Those that are known at the moment. */
  get pids(): number[] {
    return [...this.#own.keys()];
  }

  has(pid: number, now = performance.now()): boolean {
    if (this.#isOwn(pid)) return true;
    const asked = this.#strangers.get(pid);
    if (asked !== undefined && now - asked < KEEP_MS) return false;
    this.#look();
    if (this.#isOwn(pid)) return true;
    if (this.#strangers.size >= MOST_STRANGERS) this.#strangers.clear();
    this.#strangers.set(pid, now);
    return false;
  }

  #isOwn(pid: number): boolean {
    const began = this.#own.get(pid);
    if (began === undefined) return false;
    const now = startOf(pid);
    // It has ended since it made this connection.
    if (now === undefined || now === began) return true;
    this.#own.delete(pid);
    return false;
  }

  #look(): void {
    for (const socket of this.#sockets) {
      const listener = whoListens(socket);
      if (listener !== undefined) this.#own.set(listener.pid, listener.began);
    }
  }
}

/** Whoever listens on a socket, or undefined when it cannot be told. Connects, and ends the connection at once. */
function whoListens(path: string): { pid: number; began: string } | undefined {
  const fd = unixSocket(false);
  if (fd < 0) return undefined;
  try {
    if (connect(fd, unixAddress(path)) < 0) return undefined;
    const pid = peerCredentials(fd)?.pid ?? 0;
    if (pid === 0 || pid === INIT) return undefined;
    const began = whileAlive(fd, pid, () => startOf(pid));
    return began === undefined ? undefined : { pid, began };
  } finally {
    close(fd);
  }
}
