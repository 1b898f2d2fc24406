import { errno, SystemError } from "./errno.ts";
import { close, O_RDONLY, open, read, write } from "./io.ts";
import { libc } from "./libc.ts";

const AF_UNIX = 1;
const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const NETLINK_SOCK_DIAG = 4;
const SOCK_DIAG_BY_FAMILY = 20;
const NLM_F_REQUEST_DUMP = 0x301;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
/** Sockets came and went while the kernel was listing them (linux/netlink.h). */
const NLM_F_DUMP_INTR = 0x10;
const ALL_STATES = 0xffffffff;
const SHOW_NAME_VFS_PEER = 1 | 2 | 4;
const UNIX_DIAG_NAME = 0;
const UNIX_DIAG_VFS = 1;
const UNIX_DIAG_PEER = 2;
/** As the kernel counts the states of TCP (net/tcp_states.h). */
const LISTENS = 10;

const CLONE_NEWNET = 0x40000000n;
const SYS_SETNS = Deno.build.arch === "aarch64" ? 268n : 308n;

/** A unix socket of one network namespace. */
export interface UnixSocket {
  /** In sockfs, as in the link `socket:[INODE]` of /proc/PID/fd; 0 while nobody has accepted it. */
  readonly inode: number;
  readonly listens: boolean;
  /** What it, or the listener that it was accepted from, was bound to, as that process named it; undefined without a path. */
  readonly path?: string;
  /** The file of that name: inode (its lower 32 bits) and `major:minor` of the file system. */
  readonly file?: { readonly inode: number; readonly device: string };
  /** The inode of the socket at the other end. */
  readonly peer?: number;
}

/**
 * All unix sockets of a network namespace (sock_diag(7), unix_diag): our own, or the one behind a path such as /proc/1/ns/net,
 * which takes root. A connection is in the client's namespace, with both of its ends. Throws a SystemError.
 */
export function unixSockets(namespace?: string): UnixSocket[] {
  for (let tries = 1;; tries++) {
    const { sockets, whole } = dump(namespace);
    if (whole || tries === 5) return sockets;
  }
}

/** A netlink socket belongs for good to the namespace that its thread is in when it is made (network_namespaces(7)). */
function netlinkIn(namespace: string | undefined): number {
  if (namespace === undefined) return netlink();
  const own = open("/proc/thread-self/ns/net", O_RDONLY);
  if (own < 0) throw new SystemError("open", "/proc/thread-self/ns/net", errno());
  const other = open(namespace, O_RDONLY);
  const code = errno();
  try {
    if (other < 0) throw new SystemError("open", namespace, code);
    enter(other, namespace);
    try {
      return netlink();
    } finally {
      enter(own, "our own namespace");
    }
  } finally {
    if (other >= 0) close(other);
    close(own);
  }
}

/** setns(2): of the calling thread alone. */
function enter(fd: number, name: string): void {
  if (libc.syscall(SYS_SETNS, BigInt(fd), CLONE_NEWNET, 0n) < 0) {
    throw new SystemError("setns", name, errno());
  }
}

function netlink(): number {
  const fd = libc.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  if (fd < 0) throw new SystemError("socket", "for NETLINK_SOCK_DIAG", errno());
  return fd;
}

function dump(namespace: string | undefined): { sockets: UnixSocket[]; whole: boolean } {
  const fd = netlinkIn(namespace);
  try {
    const request = question();
    if (write(fd, request, request.length) < 0) throw new SystemError("write", "netlink", errno());
    const sockets: UnixSocket[] = [];
    // The kernel fills at most 32 KiB at a time (netlink_dump).
    const buffer = new Uint8Array(1 << 16);
    let whole = true;
    while (true) {
      const length = read(fd, buffer, buffer.length);
      if (length < 0) throw new SystemError("read", "netlink", errno());
      const answer = readMessages(buffer.subarray(0, length));
      sockets.push(...answer.sockets);
      whole &&= !answer.interrupted;
      if (answer.failure !== undefined) throw new SystemError("sock_diag", "", answer.failure);
      if (answer.done) return { sockets, whole };
    }
  } finally {
    close(fd);
  }
}

/** struct nlmsghdr and struct unix_diag_req (linux/unix_diag.h). */
function question(): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(40));
  view.setUint32(0, 40, true);
  view.setUint16(4, SOCK_DIAG_BY_FAMILY, true);
  view.setUint16(6, NLM_F_REQUEST_DUMP, true);
  view.setUint8(16, AF_UNIX);
  view.setUint32(20, ALL_STATES, true);
  view.setUint32(28, SHOW_NAME_VFS_PEER, true);
  return new Uint8Array(view.buffer);
}

/** What one read from the kernel holds (netlink(7)). Pure, for tests. */
export function readMessages(bytes: Uint8Array): {
  readonly sockets: UnixSocket[];
  readonly done: boolean;
  readonly interrupted: boolean;
  /** An errno. */
  readonly failure?: number;
} {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const sockets: UnixSocket[] = [];
  let interrupted = false;
  for (let at = 0; at + 16 <= bytes.length;) {
    const length = view.getUint32(at, true);
    const type = view.getUint16(at + 4, true);
    if (length < 16 || at + length > bytes.length) break;
    if ((view.getUint16(at + 6, true) & NLM_F_DUMP_INTR) !== 0) interrupted = true;
    if (type === NLMSG_DONE) return { sockets, done: true, interrupted };
    if (type === NLMSG_ERROR) {
      return { sockets, done: true, interrupted, failure: -view.getInt32(at + 16, true) };
    }
    if (type === SOCK_DIAG_BY_FAMILY) sockets.push(socketIn(bytes, view, at + 16, at + length));
    at += (length + 3) & ~3;
  }
  return { sockets, done: false, interrupted };
}

/** struct unix_diag_msg and its attributes. */
function socketIn(bytes: Uint8Array, view: DataView, start: number, end: number): UnixSocket {
  const socket: { -readonly [K in keyof UnixSocket]: UnixSocket[K] } = {
    inode: view.getUint32(start + 4, true),
    listens: view.getUint8(start + 2) === LISTENS,
  };
  for (let at = start + 16; at + 4 <= end;) {
    const length = view.getUint16(at, true);
    if (length < 4 || at + length > end) break;
    const value = at + 4;
    switch (view.getUint16(at + 2, true)) {
      case UNIX_DIAG_NAME: {
        const name = bytes.subarray(value, at + length);
        // A first NUL: a name in the abstract namespace, which is no path.
        if (name[0] !== 0) socket.path = new TextDecoder().decode(name).replace(/\0.*$/s, "");
        break;
      }
      case UNIX_DIAG_VFS: {
        // The kernel's own dev_t: 12 bits of major, 20 of minor (linux/kdev_t.h).
        const device = view.getUint32(value + 4, true);
        socket.file = {
          inode: view.getUint32(value, true),
          device: `${device >>> 20}:${device & 0xfffff}`,
        };
        break;
      }
      case UNIX_DIAG_PEER:
        socket.peer = view.getUint32(value, true);
    }
    at += (length + 3) & ~3;
  }
  return socket;
}
