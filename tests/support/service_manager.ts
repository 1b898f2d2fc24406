import { datagramSocket } from "../../lib/linux/datagram.ts";
import { adopt, close, read } from "../../lib/linux/io.ts";
import { libc } from "../../lib/linux/libc.ts";
import { abstractAddress, bind, listen, unixAddress, unixSocket } from "../../lib/linux/socket.ts";
import type { Launch } from "./gate.ts";

const F_SETFD = 2;

/** A socket unit as systemd keeps one: it stays open while the service comes and goes. */
export class SocketUnit implements Disposable {
  readonly path: string;
  readonly fd: number;

  constructor(path: string) {
    this.path = path;
    this.fd = unixSocket(true);
    if (bind(this.fd, unixAddress(path)) < 0 || listen(this.fd, 16) < 0) {
      throw new Error(`Cannot listen on ${path}`);
    }
    // To be inherited: it was made close-on-exec.
    libc.fcntl(this.fd, F_SETFD, 0);
  }

  [Symbol.dispose](): void {
    close(this.fd);
  }
}

/** Starts with these descriptors as systemd does (sd_listen_fds(3)): from 3 on, under these names. */
export function handingOver(fds: readonly number[], names: string): Launch {
  const dups = fds.map((fd, n) => `${n + 3}<&${fd}`).join(" ");
  const script = `LISTEN_PID=$$ exec "$@" ${dups}`;
  return {
    env: { LISTEN_FDS: String(fds.length), LISTEN_FDNAMES: names },
    through: ["/bin/bash", "-c", script, "bash"],
  };
}

/** Where a service manager is told how its services are: at a path, or at `@` and an abstract name. */
export class NotifySocket implements Disposable {
  readonly #fd = datagramSocket();
  readonly #buffer = new Uint8Array(1024);

  constructor(place: string) {
    const address = place.startsWith("@") ? abstractAddress(place.slice(1)) : unixAddress(place);
    if (bind(this.#fd, address) < 0) throw new Error(`Cannot bind ${place}`);
    adopt(this.#fd);
  }

  /** The next message, or undefined when none comes in so many milliseconds. */
  async within(milliseconds: number): Promise<string | undefined> {
    const until = performance.now() + milliseconds;
    while (performance.now() < until) {
      const n = read(this.#fd, this.#buffer, this.#buffer.length);
      if (n >= 0) return new TextDecoder().decode(this.#buffer.subarray(0, n));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return undefined;
  }

  async next(): Promise<string> {
    const message = await this.within(10_000);
    if (message === undefined) throw new Error("Waited 10 s for a message to the service manager");
    return message;
  }

  /** The next message that is no ping. */
  async state(): Promise<string> {
    while (true) {
      const message = await this.next();
      if (message !== "WATCHDOG=1") return message;
    }
  }

  [Symbol.dispose](): void {
    close(this.#fd);
  }
}
