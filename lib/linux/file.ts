import { cString } from "./bytes.ts";
import { libc } from "./libc.ts";

const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_EMPTY_PATH = 0x1000;
const STATX_BASIC_STATS = 0x7ff;
const S_IFMT = 0o170000;
const S_IFSOCK = 0o140000;

/** What tells one file from another, and a socket from the rest. */
export interface FileStatus {
  /** `major:minor` of the device that holds it. */
  readonly device: string;
  readonly inode: bigint;
  readonly isSocket: boolean;
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

// struct statx is the same on every architecture (statx(2), linux/stat.h), unlike struct stat.
const buffer = new Uint8Array(256);
const view = new DataView(buffer.buffer);
const little = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** The file at a path, a symbolic link being itself; undefined with errno set when it cannot be looked at. */
export function statusOf(path: string): FileStatus | undefined {
  return statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW);
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

function statx(fd: number, path: string, flags: number): FileStatus | undefined {
  if (libc.statx(fd, cString(path), flags, STATX_BASIC_STATS, buffer) < 0) return undefined;
  const mode = view.getUint16(28, little);
  return {
    device: `${view.getUint32(136, little)}:${view.getUint32(140, little)}`,
    inode: view.getBigUint64(32, little),
    isSocket: (mode & S_IFMT) === S_IFSOCK,
    mode: mode & 0o7777,
    uid: view.getUint32(20, little),
    gid: view.getUint32(24, little),
  };
}
