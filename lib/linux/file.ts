import { cString } from "./bytes.ts";
import { libc } from "./libc.ts";

const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_EMPTY_PATH = 0x1000;
const STATX_BASIC_STATS = 0x7ff;
const S_IFMT = 0o170000;
const S_IFDIR = 0o040000;
const S_IFREG = 0o100000;
const S_IFSOCK = 0o140000;

/** What tells one file from another, and a socket from the rest. */
export interface FileStatus {
  /** `major:minor` of the device that holds it. */
  readonly device: string;
  readonly inode: bigint;
  readonly isSocket: boolean;
  readonly isDirectory: boolean;
  readonly isRegular: boolean;
  /** Names that it has; 0 when it was removed. */
  readonly links: number;
  /** In bytes. */
  readonly size: number;
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

// struct statx is the same on every architecture (statx(2), linux/stat.h), unlike struct stat.
const buffer = new Uint8Array(256);
const view = new DataView(buffer.buffer);
const little = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Does something with this umask(2), which all threads share: what others make meanwhile is closed as far as well. */
export function withUmask<T>(mask: number, action: () => T): T {
  const before = libc.umask(mask);
  try {
    return action();
  } finally {
    libc.umask(before);
  }
}

/** The file at a path, a symbolic link being itself; undefined with errno set when it cannot be looked at. */
export function statusOf(path: string): FileStatus | undefined {
  return statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW);
}

/** The file that a path leads to; undefined with errno set when it cannot be looked at. */
export function statusBehind(path: string): FileStatus | undefined {
  return statx(AT_FDCWD, path, 0);
}

/** The file behind a descriptor, one opened with O_PATH too. */
export function statusOfDescriptor(fd: number): FileStatus | undefined {
  return statx(fd, "", AT_EMPTY_PATH);
}

/** chmod(2), following links: 0, or -1 and errno. */
export function chmod(path: string, mode: number): number {
  return libc.chmod(cString(path), mode);
}

/** chown(2), following links; an absent id stays as it is. 0, or -1 and errno. */
export function chown(path: string, uid: number | undefined, gid: number | undefined): number {
  return libc.chown(cString(path), uid ?? 0xffffffff, gid ?? 0xffffffff);
}

/** rename(2), in the place of what has the new name: 0, or -1 and errno. */
export function rename(from: string, to: string): number {
  return libc.rename(cString(from), cString(to));
}

/** fchown(2): 0, or -1 and errno. */
export function fchown(fd: number, uid: number, gid: number): number {
  return libc.fchown(fd, uid, gid);
}

/** The bits of `mayAccess`. */
export const X_OK = 1;
export const W_OK = 2;
export const R_OK = 4;

/** Whether the process's real ids may use a file so (access(2)), access control lists included. */
export function mayAccess(path: string, how: number): boolean {
  return libc.access(cString(path), how) === 0;
}

function statx(fd: number, path: string, flags: number): FileStatus | undefined {
  if (libc.statx(fd, cString(path), flags, STATX_BASIC_STATS, buffer) < 0) return undefined;
  const mode = view.getUint16(28, little);
  return {
    device: `${view.getUint32(136, little)}:${view.getUint32(140, little)}`,
    inode: view.getBigUint64(32, little),
    isSocket: (mode & S_IFMT) === S_IFSOCK,
    isDirectory: (mode & S_IFMT) === S_IFDIR,
    isRegular: (mode & S_IFMT) === S_IFREG,
    links: view.getUint32(16, little),
    size: Number(view.getBigUint64(40, little)),
    mode: mode & 0o7777,
    uid: view.getUint32(20, little),
    gid: view.getUint32(24, little),
  };
}
