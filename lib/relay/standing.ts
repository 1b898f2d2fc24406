import { close } from "../linux/io.ts";
import { MAX_SOCKET_PATH } from "../linux/socket.ts";
import { BindError, type BindRequest, bindSocket, type BoundSocket, unlinkSocket } from "./bind.ts";
import { assign, type HandedOver, takeUp } from "./handed_over.ts";

/** What a listener is; none of it can change while its socket stays open. */
export interface ListenerOptions extends BindRequest {
  readonly name: string;
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
  return facts.every((fact) => one[fact] === other[fact]);
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
 * are. A name in `taken` is that of an open socket of ours: the new one takes it over in one step, so that it is never missing.
 */
export function openListeners(
  wanted: readonly ListenerOptions[],
  taken: ReadonlySet<string> = new Set(),
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
