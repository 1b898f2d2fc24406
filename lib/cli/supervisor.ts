import { monotonicMicroseconds } from "../linux/clock.ts";
import { datagramSocket, sendDatagram } from "../linux/datagram.ts";
import { describeErrno, errno } from "../linux/errno.ts";
import { close } from "../linux/io.ts";
import { abstractAddress, unixAddress } from "../linux/socket.ts";
import type { Log } from "./log.ts";
import type { World } from "./world.ts";

/** Pings come this many times in the time after which they are missed; sd_watchdog_enabled(3) advises two. */
const PINGS = 2;

/**
 * The service manager that started Postern, and what it is told (sd_notify(3), through the kernel alone: the permission to use
 * the net is given up by then). Without one, nobody is told anything.
 */
export class Supervisor {
  readonly #log: Log;
  readonly #address: Uint8Array<ArrayBuffer> | undefined;
  #fd: number;
  readonly #pingEvery: number | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #failed = false;
  #stopping = false;

  /** NOTIFY_SOCKET is a path, or `@` and a name in the abstract namespace. Throws a SystemError. */
  constructor({ env, pid }: Pick<World, "env" | "pid">, log: Log) {
    this.#log = log;
    this.#address = addressOf(env["NOTIFY_SOCKET"], log);
    this.#fd = this.#address === undefined ? -1 : datagramSocket();
    this.#pingEvery = this.#address === undefined ? undefined : pingInterval(env, pid, log);
  }

  /** It has started, or has taken up other settings. */
  ready(): void {
    if (!this.#stopping) this.#tell("READY=1");
  }

  /** Settings are being read again; `ready` follows in any case. Type=notify-reload compares the time with its own. */
  reloading(): void {
    this.#tell(`RELOADING=1\nMONOTONIC_USEC=${monotonicMicroseconds()}`);
  }

  stopping(): void {
    this.#stopping = true;
    this.#tell("STOPPING=1");
  }

  /** Shows again and again that Postern works, where the manager wants to know: each time `alive` has been waited for. */
  watch(alive: () => Promise<void>): void {
    if (this.#pingEvery === undefined) return;
    let asking = false;
    const ping = async () => {
      if (asking) return;
      asking = true;
      await alive();
      asking = false;
      this.#tell("WATCHDOG=1");
    };
    this.#timer = setInterval(ping, this.#pingEvery);
    ping();
  }

  close(): void {
    clearInterval(this.#timer);
    if (this.#fd >= 0) close(this.#fd);
    this.#fd = -1;
  }

  #tell(state: string): void {
    if (this.#address === undefined || this.#fd < 0) return;
    const sent = sendDatagram(this.#fd, new TextEncoder().encode(state), this.#address);
    const failure = sent < 0 ? errno() : 0;
    if (failure !== 0 && !this.#failed) {
      this.#log.warning(`the service manager cannot be told anything: ${describeErrno(failure)}`);
    }
    this.#failed = failure !== 0;
  }
}

function addressOf(text: string | undefined, log: Log): Uint8Array<ArrayBuffer> | undefined {
  if (!text) return undefined;
  try {
    if (text.startsWith("/")) return unixAddress(text);
    if (text.startsWith("@")) return abstractAddress(text.slice(1));
    log.warning(`NOTIFY_SOCKET is neither a path nor an abstract name and is not used: ${text}`);
  } catch (error) {
    log.warning(`NOTIFY_SOCKET is not used: ${(error as Error).message}`);
  }
  return undefined;
}

/** Milliseconds between two pings; undefined when nobody waits for any (sd_watchdog_enabled(3)). */
function pingInterval(env: World["env"], pid: number, log: Log): number | undefined {
  const { WATCHDOG_USEC: time, WATCHDOG_PID: owner } = env;
  if (!time || (owner && owner !== String(pid))) return undefined;
  const milliseconds = Number(time) / 1000 / PINGS;
  if (milliseconds >= 1 && milliseconds < 2 ** 31) return milliseconds;
  log.warning(`WATCHDOG_USEC is not used: ${time}`);
  return undefined;
}
