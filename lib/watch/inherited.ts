import { statusBehind } from "../linux/file.ts";
import { readLink, readWholeFile } from "../linux/proc.ts";

/** __SO_ACCEPTCON (net.h), as /proc/net/unix shows the flags of a socket that listens. */
const LISTENS = 0x10000;

/** The inodes of the sockets that listen, by the path that they were bound to, from the text of /proc/net/unix (proc(5)). */
export function listening(table: string): { readonly inode: string; readonly path: string }[] {
  return [...table.matchAll(/^\S+: \S+ \S+ ([0-9A-F]+) \S+ \S+ +([0-9]+) (\/.*)$/gm)]
    .filter(([, flags]) => (parseInt(flags!, 16) & LISTENS) !== 0)
    .map(([, , inode, path]) => ({ inode: inode!, path: path! }));
}

/**
 * The inodes of the sockets that a service manager holds and that listen at a path. Others may have bound a socket of that name in
 * a mount namespace of theirs: those are not the manager's.
 */
export function heldAt(path: string, manager: number): string[] {
  const file = statusBehind(path);
  if (file === undefined) return [];
  const held = socketsOf(manager);
  return listening(readWholeFile(`/proc/${manager}/net/unix`) ?? "").filter((socket) => {
    if (!held.has(socket.inode)) return false;
    const other = statusBehind(socket.path);
    return other?.inode === file.inode && other.device === file.device;
  }).map(({ inode }) => inode);
}

/** The inodes of the sockets that a process holds; none when that cannot be seen. */
export function socketsOf(pid: number): Set<string> {
  const found = new Set<string>();
  try {
    for (const { name } of Deno.readDirSync(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[([0-9]+)\]$/.exec(readLink(`/proc/${pid}/fd/${name}`) ?? "")?.[1];
      if (inode !== undefined) found.add(inode);
    }
  } catch { /* it is gone, or another user's */ }
  return found;
}
