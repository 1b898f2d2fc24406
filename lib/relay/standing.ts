import { close } from "../linux/io.ts";
import { type BindRequest, bindSocket, type BoundSocket, unlinkSocket } from "./bind.ts";

/** What a listener is; none of it can change while its socket stays open. */
export interface ListenerOptions extends BindRequest {
  readonly name: string;
  readonly protocol: "http" | "raw";
  readonly upstream: string;
  /** For all workers together. */
  readonly maxConnections?: number;
}

/** A listener whose socket is open. */
export interface Standing {
  readonly options: ListenerOptions;
  readonly bound: BoundSocket;
}

const facts = [
  ...["name", "socket", "mode", "uid", "gid", "backlog", "protocol", "upstream"],
  "maxConnections",
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
 * Opens all, or none: throws the first error with every socket removed again. A name in `taken` is that of an open socket of
 * ours: the new one takes it over in one step, so that it is never missing.
 */
export function openListeners(
  wanted: readonly ListenerOptions[],
  taken: ReadonlySet<string> = new Set(),
): Standing[] {
  const opened: Standing[] = [];
  try {
    for (const options of wanted) {
      const socket = taken.has(options.socket) ? `${options.socket}.new` : options.socket;
      opened.push({ options, bound: bindSocket({ ...options, socket }) });
    }
    return opened.map(({ options, bound }) => {
      if (bound.path !== options.socket) Deno.renameSync(bound.path, options.socket);
      return { options, bound: { ...bound, path: options.socket } };
    });
  } catch (error) {
    closeListeners(opened);
    throw error;
  }
}

/** Removes the sockets' files where they still are ours, and closes them. */
export function closeListeners(standing: readonly Standing[]): void {
  for (const { bound } of standing) {
    unlinkSocket(bound);
    close(bound.fd);
  }
}
