import {
  describeErrno,
  EACCES,
  EAGAIN,
  ECONNREFUSED,
  EMFILE,
  ENFILE,
  ENOENT,
  errno,
} from "../linux/errno.ts";
import { close } from "../linux/io.ts";
import { connect, unixAddress, unixSocket } from "../linux/socket.ts";

/** Why the engine cannot be reached: with 503 it is Postern that has no room, not the engine that is away. */
export interface Unreachable {
  readonly failure: string;
  readonly status: 502 | 503;
}

/** A connected descriptor, a full backlog that may have room soon, or why there is none. */
export type Dialled = { readonly fd: number } | { readonly busy: true } | Unreachable;

/** The kernel watches no more descriptors for this user (epoll(7)). */
export const NOT_WATCHED: Unreachable = {
  failure: "Postern has no room in epoll (fs.epoll.max_user_watches)",
  status: 503,
};

/** What the operator can look at, by the kernel's answer to connect(2). */
const advice: Readonly<Record<number, string>> = {
  [ENOENT]: "is the engine running, and is upstream the right path?",
  [ECONNREFUSED]: "nobody listens there, is the engine running?",
  [EACCES]: "Postern may not write to it, check its owner and mode and the folders above it",
};

/** Connects to a unix socket without blocking. unix(7): a full backlog is EAGAIN, and no event tells when it empties. */
export function dial(path: string, address: Uint8Array<ArrayBuffer>): Dialled {
  const fd = unixSocket(false);
  if (fd < 0) return noSocket(errno());
  if (connect(fd, address) === 0) return { fd };
  const code = errno();
  close(fd);
  if (code === EAGAIN) return { busy: true };
  const hint = advice[code] === undefined ? "" : `; ${advice[code]}`;
  return { failure: `connect ${path}: ${describeErrno(code)}${hint}`, status: 502 };
}

function noSocket(code: number): Unreachable {
  const hint = code === EMFILE || code === ENFILE
    ? "; Postern has no descriptor left, raise its limit (LimitNOFILE=)"
    : "";
  return { failure: `socket: ${describeErrno(code)}${hint}`, status: 503 };
}

/** An upstream socket: its path for messages, its address for connect(2). */
export interface Upstream {
  readonly path: string;
  readonly address: Uint8Array<ArrayBuffer>;
  /** A line that the engine's plugin wants in every head, with its end; absent where it wants none. */
  readonly seal?: string;
}

export function upstreamAt(path: string, seal?: string): Upstream {
  return { path, address: unixAddress(path), ...(seal === undefined ? {} : { seal }) };
}
