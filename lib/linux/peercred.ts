import { close } from "./io.ts";
import { ERANGE, errno } from "./errno.ts";
import { libc } from "./libc.ts";

const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const SO_PEERGROUPS = 59;
const SO_PEERPIDFD = 77;
const SYS_PIDFD_OPEN = 434n;
const POLLIN = 1;

const credentials = new Uint32Array(3);
const credentialBytes = new Uint8Array(credentials.buffer);
const length = new Uint32Array(1);
const lengthBytes = new Uint8Array(length.buffer);

/** pid, uid and gid as the kernel stored them at connect(2) (or at listen(2), seen from the client's side), unix(7). */
export interface Credentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** SO_PEERCRED, or undefined when the kernel does not answer. The numbers are as seen from our own namespaces. */
export function peerCredentials(fd: number): Credentials | undefined {
  length[0] = 12;
  if (libc.getsockopt(fd, SOL_SOCKET, SO_PEERCRED, credentialBytes, lengthBytes) < 0) {
    return undefined;
  }
  return { pid: credentials[0]!, uid: credentials[1]!, gid: credentials[2]! };
}

let groups = new Uint32Array(64);
let groupBytes = new Uint8Array(groups.buffer);

/** SO_PEERGROUPS (Linux 4.13): the supplementary groups at connect(2), or undefined when the kernel does not answer. */
export function peerGroups(fd: number): number[] | undefined {
  while (true) {
    length[0] = groupBytes.length;
    if (libc.getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groupBytes, lengthBytes) === 0) {
      const found: number[] = [];
      for (let i = 0; i < length[0]! / 4; i++) found.push(groups[i]!);
      return found;
    }
    // ERANGE leaves the length that is needed behind; anything else is "unknown".
    if (errno() !== ERANGE || length[0]! <= groupBytes.length) return undefined;
    groups = new Uint32Array(length[0]! / 4);
    groupBytes = new Uint8Array(groups.buffer);
  }
}

let peerPidfdWorks = true;

/**
 * A pidfd of the peer: SO_PEERPIDFD (Linux 6.5) names the very process that connected; before that pidfd_open(2) names
 * the process that has its pid now. Undefined when it is gone or cannot be named. The caller closes it.
 */
export function peerPidfd(fd: number, pid: number): number | undefined {
  if (peerPidfdWorks) {
    length[0] = 4;
    if (libc.getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, credentialBytes, lengthBytes) === 0) {
      return new Int32Array(credentials.buffer)[0]!;
    }
    const ENOPROTOOPT = 92;
    if (errno() !== ENOPROTOOPT) return undefined;
    peerPidfdWorks = false;
  }
  const pidfd = libc.syscall(SYS_PIDFD_OPEN, BigInt(pid), 0n, 0n);
  return pidfd < 0 ? undefined : pidfd;
}

const pollEntry = new Int32Array(2);
const pollBytes = new Uint8Array(pollEntry.buffer);

/** Whether the process behind a pidfd still lives: it becomes readable at its end (pidfd_open(2)). */
export function isAlive(pidfd: number): boolean {
  pollEntry[0] = pidfd;
  pollEntry[1] = POLLIN;
  return libc.poll(pollBytes, 1, 0) === 0;
}

/** Runs `read` for a peer and keeps its result only if the process was alive afterwards, so that no other can have taken its pid. */
export function whileAlive<T>(fd: number, pid: number, read: () => T): T | undefined {
  const pidfd = peerPidfd(fd, pid);
  if (pidfd === undefined) return undefined;
  try {
    const result = read();
    return isAlive(pidfd) ? result : undefined;
  } finally {
    close(pidfd);
  }
}
