import { cString } from "./bytes.ts";
import { namesIn } from "./directory.ts";
import { libc } from "./libc.ts";

/** `socket:[`, of which the kernel makes the link of a socket's descriptor (proc_pid_fd(5)). */
const PREFIX = new TextEncoder().encode("socket:[");
const ZERO = 0x30;

const target = new Uint8Array(PREFIX.length + 24);

/**
 * Inodes of the sockets behind the descriptors in a folder such as /proc/PID/fd, of which there may be a million: nothing is made
 * for each of them. undefined and errno when it cannot be read; what was closed meanwhile is left out.
 */
export function socketsIn(folder: string): Set<number> | undefined {
  const names = namesIn(folder);
  if (names === undefined) return undefined;
  const sockets = new Set<number>();
  // "FOLDER/" and as many digits as a descriptor has, and NUL.
  const start = folder.length + 1;
  const path = new Uint8Array(start + 12);
  path.set(cString(`${folder}/`).subarray(0, start));
  for (const name of names) {
    for (let at = 0; at < name.length; at++) path[start + at] = name.charCodeAt(at);
    path[start + name.length] = 0;
    const inode = inodeIn(libc.readlink(path, target, target.length));
    if (inode !== undefined) sockets.add(inode);
  }
  return sockets;
}

function inodeIn(length: number): number | undefined {
  if (length <= PREFIX.length || !PREFIX.every((byte, at) => target[at] === byte)) return undefined;
  let inode = 0;
  for (let at = PREFIX.length; at < length - 1; at++) inode = inode * 10 + target[at]! - ZERO;
  return inode;
}
