import { namesIn } from "../linux/directory.ts";
import { SystemError } from "../linux/errno.ts";
import { statusBehind } from "../linux/file.ts";
import { close } from "../linux/io.ts";
import { isAlive } from "../linux/peercred.ts";
import { openPidfd } from "../linux/pidfd.ts";
import { readLink, readSmallFile } from "../linux/proc.ts";
import type { UnixSocket } from "../linux/unix_diag.ts";
import { startOf } from "../watch/process.ts";
import { listeningSockets } from "./namespaces.ts";

/** systemd: it holds sockets for others until they are wanted. */
const INIT = 1;

/** A process that listens on one of Postern's sockets. The pidfd is the caller's to close. */
export interface Holder {
  readonly pid: number;
  /** When it began, in clock ticks since boot. */
  readonly start: bigint;
  /** Its real uid. */
  readonly uid: number;
  readonly pidfd: number;
  /** Where they are. */
  readonly paths: readonly string[];
}

/**
 * The processes that hold, with a descriptor of their own, what listens at these paths: the very files, since anybody can bind the
 * same names elsewhere. `known` are left out. Throws a SystemError.
 */
export function findHolders(paths: readonly string[], known: ReadonlySet<number>): Holder[] {
  const inodes = listeningAt(paths);
  if (inodes.size === 0) return [];
  const found: Holder[] = [];
  for (const name of namesIn("/proc") ?? []) {
    const pid = Number(name);
    if (!/^[0-9]+$/.test(name) || pid === INIT || known.has(pid)) continue;
    if (held(pid, inodes).length === 0) continue;
    const holder = hold(pid, inodes);
    if (holder !== undefined) found.push(holder);
  }
  return found;
}

/** All that listen, or undefined where the kernel does not tell. */
export function listeners(): readonly UnixSocket[] | undefined {
  try {
    return listeningSockets();
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    return undefined;
  }
}

/** The paths by numbers as in `socket:[NUMBER]`. */
function listeningAt(paths: readonly string[]): ReadonlyMap<number, string> {
  const files = new Map<string, string>();
  for (const path of paths) {
    const status = statusBehind(path);
    if (status !== undefined) {
      files.set(`${status.device} ${status.inode & 0xffffffffn}`, path);
    }
  }
  return new Map(
    listeningSockets().flatMap(({ inode, file }) => {
      const path = file === undefined ? undefined : files.get(`${file.device} ${file.inode}`);
      return path === undefined ? [] : [[inode, path] as const];
    }),
  );
}

/** The paths of those that a process holds. */
function held(pid: number, inodes: ReadonlyMap<number, string>): string[] {
  const folder = `/proc/${pid}/fd`;
  return (namesIn(folder) ?? []).flatMap((fd) => {
    const inode = /^socket:\[([0-9]+)\]$/.exec(readLink(`${folder}/${fd}`) ?? "")?.[1];
    return inode === undefined ? [] : inodes.get(Number(inode)) ?? [];
  });
}

/** What was read before the pidfd was there may have been another's. */
function hold(pid: number, inodes: ReadonlyMap<number, string>): Holder | undefined {
  const pidfd = openPidfd(pid);
  if (pidfd === undefined) return undefined;
  const start = startOf(pid);
  const uid = /^Uid:\t([0-9]+)/m.exec(readSmallFile(`/proc/${pid}/status`) ?? "")?.[1];
  const paths = held(pid, inodes);
  if (paths.length > 0 && start !== undefined && uid !== undefined && isAlive(pidfd)) {
    return { pid, start: BigInt(start), uid: Number(uid), pidfd, paths };
  }
  close(pidfd);
  return undefined;
}
