import { cString } from "./bytes.ts";
import { libc } from "./libc.ts";

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;

export const SHUT_WR = 1;

/** The longest path that fits sockaddr_un.sun_path with its NUL, in bytes (unix(7)). */
export const MAX_SOCKET_PATH = 107;

/** A sockaddr_un for a path (unix(7)). Throws a RangeError when the path does not fit. */
export function unixAddress(path: string): Uint8Array<ArrayBuffer> {
  const bytes = cString(path);
  if (bytes.length - 1 > MAX_SOCKET_PATH) {
    throw new RangeError(
      `Cannot use socket path of ${
        bytes.length - 1
      } bytes: at most ${MAX_SOCKET_PATH} fit: ${path}`,
    );
  }
  const address = new Uint8Array(2 + bytes.length);
  new DataView(address.buffer).setUint16(0, AF_UNIX, true);
  address.set(bytes, 2);
  return address;
}

/** A close-on-exec unix stream socket; -1 and errno on failure. */
export function unixSocket(blocking: boolean): number {
  return libc.socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | (blocking ? 0 : SOCK_NONBLOCK), 0);
}

/** bind(2); the file gets the mode of the socket's own inode (fchmod(2) before) less the umask. */
export function bind(fd: number, address: Uint8Array<ArrayBuffer>): number {
  return libc.bind(fd, address, address.length);
}

export function listen(fd: number, backlog: number): number {
  return libc.listen(fd, backlog);
}

/** A non-blocking, close-on-exec connection, or -1 and errno (accept4(2)). */
export function accept(fd: number): number {
  return libc.accept4(fd, null, null, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/** connect(2). On a non-blocking unix socket, EAGAIN means that the backlog is full, not that it is under way. */
export function connect(fd: number, address: Uint8Array<ArrayBuffer>): number {
  return libc.connect(fd, address, address.length);
}

export function shutdown(fd: number, how: number): number {
  return libc.shutdown(fd, how);
}
