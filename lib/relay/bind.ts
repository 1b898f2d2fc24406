import { dirname } from "node:path";
import { describeErrno, ECONNREFUSED, ENOENT, errno, SystemError } from "../linux/errno.ts";
import { chmod, chown, type FileStatus, statusOf, statusOfDescriptor } from "../linux/file.ts";
import { withDirectoryLock } from "../linux/flock.ts";
import { close, fchmod, O_NOFOLLOW, O_PATH, open } from "../linux/io.ts";
import { peerCredentials } from "../linux/peercred.ts";
import { readLink } from "../linux/proc.ts";
import { bind, connect, listen, unixAddress, unixSocket } from "../linux/socket.ts";

/** What a listener needs of its configuration. Without `uid` or `gid` the file keeps the ids it was created with. */
export interface BindRequest {
  readonly socket: string;
  readonly mode: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly backlog: number;
}

/** A listening socket and the file that is its name. */
export interface BoundSocket {
  readonly fd: number;
  readonly path: string;
  /** What the file was when it was made; absent when somebody else made it, and looks after it. */
  readonly file?: FileStatus;
}

/** Why a socket could not be opened, with what to do about it. */
export class BindError extends Error {
  override readonly name = "BindError";
}

/**
 * Opens a listening socket whose file never is more open than `mode`: bind(2) takes the mode of the socket's own inode,
 * which is 0 here, so nobody can connect until owner and mode are set. A stale socket is replaced, a live one is an error.
 * The directory is locked meanwhile, so that of two starting at once one sees the other.
 */
export function bindSocket(request: BindRequest): BoundSocket {
  const { socket: path } = request;
  const directory = dirname(path);
  requireDirectory(directory, path);
  return withDirectoryLock(directory, () => {
    removeStale(path);
    const fd = unixSocket(false);
    if (fd < 0) throw new SystemError("socket", path, errno());
    let made = false;
    try {
      if (fchmod(fd, 0) < 0) throw new SystemError("fchmod", path, errno());
      if (bind(fd, unixAddress(path)) < 0) throw new SystemError("bind", path, errno());
      made = true;
      const file = openUp(request);
      if (listen(fd, request.backlog) < 0) throw new SystemError("listen", path, errno());
      return { fd, path, file };
    } catch (error) {
      close(fd);
      if (made) Deno.removeSync(path);
      throw error;
    }
  });
}

/**
 * Gives the socket's file its owner and its mode again where somebody has changed them. The answer is what was found instead,
 * `missing` when the file is not there any more or is another one, or undefined when all is as it should be. Throws when it
 * cannot be mended.
 */
export function mend(request: BindRequest, bound: BoundSocket): string | undefined {
  const { path, file: made } = bound;
  if (made === undefined) return undefined;
  const now = statusOf(path);
  if (now === undefined || !isSameFile(now, made)) return "missing";
  const { mode, uid = made.uid, gid = made.gid } = request;
  const found = [
    ...(now.uid === uid && now.gid === gid ? [] : [`owner ${now.uid}:${now.gid}`]),
    ...(now.mode === mode ? [] : [`mode ${now.mode.toString(8).padStart(4, "0")}`]),
  ].join(" and ");
  if (found === "") return undefined;
  const handle = open(path, O_PATH | O_NOFOLLOW);
  if (handle < 0) throw new SystemError("open", path, errno());
  try {
    const file = statusOfDescriptor(handle);
    if (file === undefined || !isSameFile(file, made)) return "missing";
    setOwnerAndMode(handle, { ...request, uid, gid });
    return found;
  } finally {
    close(handle);
  }
}

function isSameFile(one: FileStatus, other: FileStatus): boolean {
  return one.device === other.device && one.inode === other.inode;
}

/** Removes the socket's file if it still is the one that was bound; whatever took its place stays. */
export function unlinkSocket(bound: BoundSocket): boolean {
  const { file } = bound;
  if (file === undefined) return false;
  try {
    return withDirectoryLock(dirname(bound.path), () => {
      const now = statusOf(bound.path);
      if (now === undefined || !isSameFile(now, file)) return false;
      Deno.removeSync(bound.path);
      return true;
    });
  } catch {
    return false;
  }
}

/** Sets owner, then mode, through a descriptor of this very file: a name could be swapped for another in between. */
function openUp(request: BindRequest): FileStatus {
  const { socket: path } = request;
  const handle = open(path, O_PATH | O_NOFOLLOW);
  if (handle < 0) throw new SystemError("open", path, errno());
  try {
    const file = statusOfDescriptor(handle);
    // Ours was born with mode 0 and belongs to us; a socket that took its place would be opened up in its stead.
    if (file?.isSocket !== true || file.mode !== 0 || file.uid !== Deno.uid()) {
      throw new BindError(`${path} was replaced while it was opened`);
    }
    setOwnerAndMode(handle, request);
    return file;
  } finally {
    close(handle);
  }
}

/** Through a descriptor that may be one of O_PATH. */
function setOwnerAndMode(handle: number, { socket: path, mode, uid, gid }: BindRequest): void {
  // chmod(2) and chown(2) reach through this link what fchmod(2) refuses for O_PATH.
  const self = `/proc/self/fd/${handle}`;
  if ((uid !== undefined || gid !== undefined) && chown(self, uid, gid) < 0) {
    throw new BindError(
      `cannot give ${path} to ${uid ?? "-"}:${gid ?? "-"}: ${describeErrno(errno())}; ` +
        `changing owners needs root, or a group that Postern itself is in`,
    );
  }
  if (chmod(self, mode) < 0) throw new SystemError("chmod", path, errno());
}

function requireDirectory(directory: string, path: string): void {
  let reason = "is not a directory";
  try {
    if (Deno.statSync(directory).isDirectory) return;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    reason = "does not exist";
  }
  throw new BindError(
    `cannot open ${path}: ${directory} ${reason}; create it with: install -d -m 0755 ${directory}`,
  );
}

/** Makes room for bind(2): a socket that nobody listens on goes, anything else stays and is an error. */
export function removeStale(path: string): void {
  const file = statusOf(path);
  if (file === undefined) {
    if (errno() === ENOENT) return;
    throw new SystemError("stat", path, errno());
  }
  if (!file.isSocket) {
    throw new BindError(
      `${path} exists and is not a socket; Postern leaves it alone: move it away`,
    );
  }
  const probe = unixSocket(false);
  if (probe < 0) throw new SystemError("socket", path, errno());
  try {
    const failure = connect(probe, unixAddress(path)) < 0 ? errno() : 0;
    if (failure === ECONNREFUSED) return Deno.removeSync(path);
    if (failure === ENOENT) return;
    if (failure === 0) throw new BindError(inUse(path, probe));
    throw new BindError(
      `${path} exists, and whether somebody listens on it cannot be told: ${
        describeErrno(failure)
      }`,
    );
  } finally {
    close(probe);
  }
}

function inUse(path: string, probe: number): string {
  const owner = peerCredentials(probe);
  if (owner === undefined || owner.pid === 0) {
    return `${path} is in use by a process that cannot be seen from here; choose another path`;
  }
  const exe = readLink(`/proc/${owner.pid}/exe`) ?? "unknown program";
  return `${path} is in use: pid ${owner.pid} (${exe}, uid ${owner.uid}) listens on it; ` +
    `stop that process or choose another path`;
}
