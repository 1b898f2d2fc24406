import { describeErrno, EAGAIN, errno } from "../linux/errno.ts";
import { close } from "../linux/io.ts";
import { connect, unixAddress, unixSocket } from "../linux/socket.ts";

/** A connected descriptor, a full backlog that may have room soon, or why the engine cannot be reached. */
export type Dialled =
  | { readonly fd: number }
  | { readonly busy: true }
  | { readonly failure: string };

/** Connects to a unix socket without blocking. unix(7): a full backlog is EAGAIN, and no event tells when it empties. */
export function dial(path: string, address: Uint8Array<ArrayBuffer>): Dialled {
  const fd = unixSocket(false);
  if (fd < 0) return { failure: `socket: ${describeErrno(errno())}` };
  if (connect(fd, address) === 0) return { fd };
  const code = errno();
  close(fd);
  return code === EAGAIN ? { busy: true } : { failure: `connect ${path}: ${describeErrno(code)}` };
}

/** An upstream socket: its path for messages, its address for connect(2). */
export interface Upstream {
  readonly path: string;
  readonly address: Uint8Array<ArrayBuffer>;
}

export function upstreamAt(path: string): Upstream {
  return { path, address: unixAddress(path) };
}
