import { dirname } from "node:path";
import { aclOf } from "../linux/acl.ts";
import { errno, SystemError } from "../linux/errno.ts";
import { chmod, chown, statusOfDescriptor } from "../linux/file.ts";
import { close, O_NOFOLLOW, O_PATH, open } from "../linux/io.ts";
import { type Owned, Refused } from "./part.ts";
import { resolve } from "./resolve.ts";

/** Who may do what with a file. */
export interface Access {
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** What a path stands for, a link being itself. */
export interface Found extends Access {
  readonly kind: "file" | "folder" | "link" | "socket" | "other";
  /** Milliseconds since the epoch. */
  readonly mtime: number;
  /** Where a link leads. */
  readonly target?: string;
}

/** The files of the host, or of the tree below a root: every change that `harden` makes of files goes through here. */
export interface Disk {
  look(path: string): Found | undefined;
  /** Names in a folder, sorted. */
  list(path: string): readonly string[];
  /** The path of the same without links in it, as far as it is there. */
  follow(path: string): string;
  /** Whether an access control list names anybody beside owner and group, or cannot be read; a mode does not take it away. */
  hasAcl(path: string): boolean;
  read(path: string): Uint8Array<ArrayBuffer>;
  /** Writes a file as a whole or not at all: under another name first, which then takes the place of what was there. */
  put(path: string, bytes: Uint8Array, access: Access, mtime?: number): void;
  /** Removes what a `put` left that did not come to its end. */
  sweep(path: string): void;
  makeFolder(path: string, mode: number): void;
  remove(path: string): void;
  /** False when something else is in it. */
  removeFolder(path: string): boolean;
  /** Only of what is such a thing. */
  setAccess(path: string, what: Owned, access: Access): void;
  setTime(path: string, mtime: number): void;
}

/** The tree below `root`, "" for the host itself. Links are followed inside it alone, and never at a file's own name. */
export function diskOf(root: string): Disk {
  const at = (path: string) => resolve(root, path, false).real;
  /** Its folder must be one where nobody else can put a link in the place of what was looked at. */
  const writable = (path: string) => {
    const { real, links } = resolve(root, path, false);
    for (const place of [...links, real]) requireOwnWay(place);
    const found = look(real);
    if (found?.kind === "link") {
      throw new Refused(
        `${path} is a link to ${found.target}, and no link is followed to a file that is written: ` +
          "put the file itself in its place, or leave this part out (--only)",
      );
    }
    return real;
  };
  return {
    look: (path) => look(at(path)),
    list: (path) => [...Deno.readDirSync(at(path))].map(({ name }) => name).sort(),
    follow: (path) => resolve(root, path, true).named,
    hasAcl: (path) => aclOf(at(path))?.length !== 0,
    read: (path) => Deno.readFileSync(at(path)),
    put(path, bytes, access, mtime) {
      const real = writable(path);
      const fresh = freshName(real);
      removeIfThere(fresh);
      const file = Deno.openSync(fresh, { write: true, createNew: true, mode: 0o600 });
      try {
        for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
        Deno.chownSync(fresh, access.uid, access.gid);
        // After the owner: chown(2) takes set-id bits away.
        Deno.chmodSync(fresh, access.mode);
        if (mtime !== undefined) file.utimeSync(mtime / 1000, mtime / 1000);
        file.syncSync();
      } finally {
        file.close();
      }
      Deno.renameSync(fresh, real);
      syncFolder(dirname(real));
    },
    sweep: (path) => removeIfThere(freshName(at(path))),
    makeFolder(path, mode) {
      const real = writable(path);
      Deno.mkdirSync(real, { mode });
      Deno.chmodSync(real, mode);
      syncFolder(dirname(real));
    },
    remove(path) {
      const real = writable(path);
      Deno.removeSync(real);
      syncFolder(dirname(real));
    },
    removeFolder(path) {
      const real = writable(path);
      if (look(real)?.kind !== "folder" || [...Deno.readDirSync(real)].length > 0) return false;
      Deno.removeSync(real);
      return true;
    },
    setAccess: (path, what, access) => give(writable(path), what, access),
    setTime: (path, mtime) => Deno.utimeSync(writable(path), mtime / 1000, mtime / 1000),
  };
}

/** Through a descriptor of the thing itself: by a name, it could be another one the next time. */
function give(path: string, what: Owned, { mode, uid, gid }: Access): void {
  const fd = open(path, O_PATH | O_NOFOLLOW);
  const status = fd < 0 ? undefined : statusOfDescriptor(fd);
  if (status === undefined) throw failed("open", path);
  try {
    const { isSocket, isRegular, isDirectory } = status;
    if (!{ socket: isSocket, file: isRegular, folder: isDirectory }[what]) {
      throw new Refused(`${path} is no ${what} any more, and is not given away`);
    }
    // fchown(2) and fchmod(2) take no descriptor that was opened for nothing but its place.
    const itself = `/proc/self/fd/${fd}`;
    if (chown(itself, uid, gid) < 0) throw failed("chown", path);
    // After the owner: chown(2) takes set-id bits away.
    if (chmod(itself, mode) < 0) throw failed("chmod", path);
  } finally {
    close(fd);
  }
}

function failed(call: string, path: string): Refused {
  return new Refused(new SystemError(call, path, errno()).message);
}

/** What is there by that name in the file system of this process. */
export function look(path: string): Found | undefined {
  try {
    const info = Deno.lstatSync(path);
    const kind = info.isFile
      ? "file"
      : info.isDirectory
      ? "folder"
      : info.isSymlink
      ? "link"
      : info.isSocket
      ? "socket"
      : "other";
    return {
      kind,
      mode: (info.mode ?? 0) & 0o7777,
      uid: info.uid ?? 0,
      gid: info.gid ?? 0,
      mtime: info.mtime?.getTime() ?? 0,
      ...(kind === "link" ? { target: Deno.readLinkSync(path) } : {}),
    };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return undefined;
    }
    throw error;
  }
}

/** Beside the file, so that a rename is one step; a name that no program reads: udev, systemd and auditd go by the ending. */
function freshName(path: string): string {
  const slash = path.lastIndexOf("/");
  return `${path.slice(0, slash + 1)}.${path.slice(slash + 1)}.postern-new`;
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function syncFolder(path: string): void {
  using folder = Deno.openSync(path, { read: true });
  folder.syncSync();
}

/**
 * A sticky folder lets nobody replace what is another's (inode(7)), so that what stands there must be root's or our own. The way to
 * a root is part of it.
 */
export function requireOwnWay(path: string): void {
  const own = ({ uid }: Access) => uid === 0 || uid === Deno.uid();
  const one = look(path);
  if (one !== undefined && !own(one) && ((look(dirname(path))?.mode ?? 0) & 0o022) !== 0) {
    throw new Refused(
      `${path} is uid ${one.uid}'s, in a folder where everybody can put something: nothing of ` +
        "root's is done with it",
    );
  }
  for (let place = dirname(path); place !== "/"; place = dirname(place)) {
    const found = look(place);
    if (found === undefined) continue;
    const { uid, mode } = found;
    if (own(found) && ((mode & 0o022) === 0 || (mode & 0o1000) !== 0)) continue;
    throw new Refused(
      `${place} belongs to uid ${uid} with mode ${
        mode.toString(8).padStart(4, "0")
      }: whoever else ` +
        "can write there could put another file in the place of what is written",
    );
  }
}
