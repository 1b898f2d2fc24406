import { cString } from "./bytes.ts";
import { libc } from "./libc.ts";

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0o4000;
const SOL_SOCKET = 1;
const SO_TYPE = 3;
const SO_SNDBUF = 7;
const SO_ACCEPTCONN = 30;
const SO_DOMAIN = 39;
const SOCK_CLOEXEC = 0o2000000;

export const SHUT_RD = 0;
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

/** A sockaddr_un for a name in the abstract namespace, whose length is part of it (unix(7)). Throws a RangeError when it does not fit. */
export function abstractAddress(name: string): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(name);
  if (bytes.length > MAX_SOCKET_PATH) {
    throw new RangeError(`Cannot use abstract socket name of ${bytes.length} bytes: ${name}`);
  }
  const address = new Uint8Array(3 + bytes.length);
  new DataView(address.buffer).setUint16(0, AF_UNIX, true);
  address.set(bytes, 3);
  return address;
}

const option = new Int32Array(1);
const optionBytes = new Uint8Array(option.buffer);
const length = new Uint32Array(1);
const lengthBytes = new Uint8Array(length.buffer);

/** A number of SOL_SOCKET's options (socket(7)); undefined when it is no socket. */
function socketOption(fd: number, name: number): number | undefined {
  length[0] = 4;
  const failed = libc.getsockopt(fd, SOL_SOCKET, name, optionBytes, lengthBytes) < 0;
  return failed ? undefined : option[0]!;
}

/** What everybody may ask for where nothing else is configured, in bytes (net.core.wmem_max, socket(7)); the kernel doubles it. */
const ROOM = new Uint8Array(new Int32Array([212_992]).buffer);
/** Whether asking for it gets more than a socket has anyway: administrators may allow less, or give more from the start. */
let isMore: boolean | undefined;

/**
 * Lets as much be under way from a unix socket as the kernel gives everybody, which is twice as much as it begins with. TCP finds
 * out what it needs by itself, until somebody sets it.
 */
export function widen(fd: number): void {
  isMore ??= getsMore();
  if (isMore === true && socketOption(fd, SO_DOMAIN) === AF_UNIX) askForRoom(fd);
}

/** Undefined where no descriptor is left to find out. */
function getsMore(): boolean | undefined {
  const trial = unixSocket(false);
  if (trial < 0) return undefined;
  const before = socketOption(trial, SO_SNDBUF)!;
  askForRoom(trial);
  const after = socketOption(trial, SO_SNDBUF)!;
  libc.close(trial);
  return after > before;
}

function askForRoom(fd: number): void {
  libc.setsockopt(fd, SOL_SOCKET, SO_SNDBUF, ROOM, ROOM.length);
}

/** Whether a descriptor is a unix stream socket that listens (sd_is_socket_unix(3)). */
export function isListening(fd: number): boolean {
  return socketOption(fd, SO_DOMAIN) === AF_UNIX && socketOption(fd, SO_TYPE) === SOCK_STREAM &&
    socketOption(fd, SO_ACCEPTCONN) === 1;
}

/** The path that a unix socket was bound to (getsockname(2)); undefined when it has none. */
export function boundPath(fd: number): string | undefined {
  const address = new Uint8Array(128);
  length[0] = address.length;
  if (libc.getsockname(fd, address, lengthBytes) < 0 || address[2] === 0) return undefined;
  const path = address.subarray(2, length[0]);
  const end = path.indexOf(0);
  return new TextDecoder().decode(end < 0 ? path : path.subarray(0, end));
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
