import { adopt, duplicate } from "../linux/io.ts";
import { errno, SystemError } from "../linux/errno.ts";
import { formatAddress, isLoopback } from "../policy/address.ts";
import { boundPath, isListening } from "../linux/socket.ts";
import { boundEnd, listensOnTcp, type TcpEnd, tuneConnections } from "../linux/tcp.ts";
import type { BoundSocket } from "./bind.ts";

/** A listening socket that was open when the process began: systemd keeps it, with its inode, while Postern restarts. */
export interface HandedOver {
  readonly fd: number;
  /** FileDescriptorName= of its unit; without one, the unit's own name (systemd.socket(5)). */
  readonly name: string;
  /** Where it was bound, as the kernel knows it; of TCP, as `tcp://[::1]:2375`. */
  readonly path: string;
  /** Set for one of TCP. */
  readonly tcp?: TcpEnd;
}

/** What the environment says of descriptors that were handed over (sd_listen_fds(3)). */
export type Variables = Readonly<
  Partial<Record<"LISTEN_PID" | "LISTEN_FDS" | "LISTEN_FDNAMES", string | undefined>>
>;

/** The first one; they stand in a row (SD_LISTEN_FDS_START). */
const FIRST = 3;

/** The sockets that were handed over to the process `pid`, and what is wrong with the others. */
export function handedOver(
  variables: Variables,
  pid: number,
): { readonly sockets: HandedOver[]; readonly problems: string[] } {
  const { LISTEN_PID: owner, LISTEN_FDS: count, LISTEN_FDNAMES: names = "" } = variables;
  if (!count) return { sockets: [], problems: [] };
  if (owner !== String(pid)) {
    const whose = owner ? `process ${owner}` : "nobody";
    const problem = `the sockets in LISTEN_FDS are for ${whose}, this is ${pid}: they are left ` +
      "alone; the service manager must start Postern itself, not through another program";
    return { sockets: [], problems: [problem] };
  }
  if (!/^[0-9]{1,4}$/.test(count)) {
    return { sockets: [], problems: [`LISTEN_FDS must be a number: got ${JSON.stringify(count)}`] };
  }
  const labels = names.split(":");
  const sockets: HandedOver[] = [];
  const problems: string[] = [];
  for (let n = 0; n < Number(count); n++) {
    const fd = FIRST + n;
    const name = labels[n] ?? "";
    const tcp = listensOnTcp(fd) ? boundEnd(fd) : undefined;
    const path = tcp !== undefined ? placeOf(tcp) : isListening(fd) ? boundPath(fd) : undefined;
    if (path === undefined) {
      problems.push(
        `descriptor ${fd} (${name || "no name"}) was handed over, but is no unix stream socket ` +
          "with a path, and no TCP socket, that listens: it is left alone",
      );
      continue;
    }
    adopt(fd);
    sockets.push({ fd, name, path, ...(tcp === undefined ? {} : { tcp }) });
  }
  return { sockets, problems };
}

/** What tells a listener's socket from others. */
interface Wanted {
  readonly name: string;
  readonly socket: string;
  readonly tcp?: TcpEnd;
}

/**
 * Which of the sockets each listener gets: the one at its path, else one that has its name and is nobody's by its path. A listener on
 * TCP gets one of TCP only, and, where it is to be reached by this machine alone, none that others can reach.
 */
export function assign<L extends Wanted>(
  listeners: readonly L[],
  sockets: readonly HandedOver[],
): Map<L, HandedOver> {
  const found = new Map<L, HandedOver>();
  const free = new Set(sockets);
  const give = (suits: (listener: L, socket: HandedOver) => boolean) => {
    for (const listener of listeners) {
      if (found.has(listener)) continue;
      const socket = [...free].find((one) => suits(listener, one));
      if (socket === undefined) continue;
      found.set(listener, socket);
      free.delete(socket);
    }
  };
  give((listener, socket) =>
    isOneKind(listener, socket) && samePlace(listener.socket, socket.path)
  );
  give((listener, socket) => isOneKind(listener, socket) && listener.name === socket.name);
  return found;
}

/** Takes up a socket at a descriptor of our own, so that it can be closed and taken up again. Throws a SystemError. */
export function takeUp(socket: HandedOver): BoundSocket {
  const fd = duplicate(socket.fd);
  if (fd < 0) throw new SystemError("fcntl", socket.path, errno());
  if (socket.tcp !== undefined) tuneConnections(fd);
  return { fd, path: socket.path };
}

function placeOf({ address, port }: TcpEnd): string {
  const text = formatAddress(address);
  return `tcp://${text.includes(":") ? `[${text}]` : text}:${port}`;
}

function isOneKind({ tcp: wanted }: Wanted, { tcp: given }: HandedOver): boolean {
  if (wanted === undefined || given === undefined) return wanted === given;
  return !isLoopback(wanted.address) || isLoopback(given.address);
}

/** The same path, or two to one file (`/var/run` is `/run`). */
function samePlace(one: string, other: string): boolean {
  return one === other || (realPath(one) ?? one) === (realPath(other) ?? other);
}

function realPath(path: string): string | undefined {
  try {
    return Deno.realPathSync(path);
  } catch {
    return undefined;
  }
}
