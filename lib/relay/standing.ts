import { close, duplicate } from "../linux/io.ts";
import { errno, SystemError } from "../linux/errno.ts";
import { listen, MAX_SOCKET_PATH } from "../linux/socket.ts";
import type { TcpEnd } from "../linux/tcp.ts";
import type { TlsMaterial } from "../linux/tls_context.ts";
import { BindError, type BindRequest, bindSocket, type BoundSocket, unlinkSocket } from "./bind.ts";
import { bindTcp } from "./bind_tcp.ts";
import { assign, type HandedOver, takeUp } from "./handed_over.ts";

/** What a listener is; none of it can change while its socket stays open. */
export interface ListenerOptions extends BindRequest {
  readonly name: string;
  /** Absent: a unix socket. With it, `socket` is the place as messages name it, and mode, uid, gid and rotate are nothing. */
  readonly tcp?: TcpEnd;
  readonly tls?: TlsMaterial;
  readonly protocol: "http" | "raw";
  readonly upstream: string;
  /** For all workers together. */
  readonly maxConnections?: number;
  /** How often the socket is made anew, in seconds; absent: never. */
  readonly rotate?: number;
}

/** A listener whose socket is open. */
export interface Standing {
  readonly options: ListenerOptions;
  readonly bound: BoundSocket;
  /** Where the socket comes from when it is not of our making. */
  readonly handedOver?: HandedOver;
  /** performance.now() when the socket was opened. */
  readonly since: number;
}

const facts = [
  ...["name", "socket", "mode", "uid", "gid", "backlog", "protocol", "upstream"],
  "maxConnections",
  "rotate",
] as (keyof ListenerOptions)[];

/** Whether two mean the same socket with nothing different about it. */
export function isSameListener(one: ListenerOptions, other: ListenerOptions): boolean {
  return facts.every((fact) => one[fact] === other[fact]) && isSameTls(one.tls, other.tls);
}

/** A new certificate at the old path makes another listener of it. */
function isSameTls(one: TlsMaterial | undefined, other: TlsMaterial | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return (["cert", "key", "clientCa"] as const).every((part) =>
    one[part].length === other[part].length &&
    one[part].every((byte, at) => byte === other[part][at])
  );
}

/** Whether a gate with the one has nothing to open or to close for the other. */
export function areSameListeners(
  some: readonly ListenerOptions[],
  others: readonly ListenerOptions[],
): boolean {
  return some.length === others.length &&
    some.every((one) => others.some((other) => isSameListener(one, other)));
}

/**
 * Opens all, or none: throws the first error with every socket removed again. Those that were handed over are taken up as they
 * are. A name in `taken` is that of an open socket of ours, with its descriptor: the new one takes it over in one step, so that it
 * is never missing. An address cannot be taken twice: there the socket stays, and is another listener's.
 */
export function openListeners(
  wanted: readonly ListenerOptions[],
  taken: ReadonlyMap<string, number> = new Map(),
  handedOver: readonly HandedOver[] = [],
): Standing[] {
  const opened: Standing[] = [];
  const since = performance.now();
  const assigned = assign(wanted, handedOver);
  try {
    for (const options of wanted) {
      const socket = assigned.get(options);
      if (socket !== undefined) {
        opened.push({ options, bound: takeUp(socket), handedOver: socket, since });
        continue;
      }
      const { tcp } = options;
      if (tcp !== undefined) {
        const open = taken.get(options.socket);
        const bound = open === undefined
          ? bindTcp({ ...options, tcp })
          : listenAgain(open, options);
        opened.push({ options, bound, since });
        continue;
      }
      const path = taken.has(options.socket) ? newName(options.socket) : options.socket;
      opened.push({ options, bound: bindSocket({ ...options, socket: path }), since });
    }
    return opened.map((one) => {
      const { options, bound, handedOver } = one;
      if (handedOver !== undefined || bound.path === options.socket) return one;
      Deno.renameSync(bound.path, options.socket);
      return { ...one, bound: { ...bound, path: options.socket } };
    });
  } catch (error) {
    closeListeners(opened);
    throw error;
  }
}

/** The open socket at a descriptor of its own, with the backlog of now (listen(2) may be called again). */
function listenAgain(open: number, { socket, backlog }: ListenerOptions): BoundSocket {
  const fd = duplicate(open);
  if (fd < 0) throw new SystemError("fcntl", socket, errno());
  if (listen(fd, backlog) < 0) {
    close(fd);
    throw new SystemError("listen", socket, errno());
  }
  return { fd, path: socket };
}

/** What a socket is called until it takes the place of the one that is open. */
function newName(socket: string): string {
  const name = `${socket}.new`;
  if (new TextEncoder().encode(name).length > MAX_SOCKET_PATH) {
    throw new BindError(
      `${socket} cannot be opened anew: its path must leave room for .new, up to ${MAX_SOCKET_PATH} bytes`,
    );
  }
  return name;
}

/** Removes the sockets' files where they still are ours, and closes them. */
export function closeListeners(standing: readonly Standing[]): void {
  for (const { bound } of standing) {
    unlinkSocket(bound);
    close(bound.fd);
  }
}
