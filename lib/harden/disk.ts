import { dirname } from "node:path";
import { Refused } from "./part.ts";
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
  /** The path of the same without links in it, as far as it is there. */
  follow(path: string): string;
  read(path: string): Uint8Array<ArrayBuffer>;
  /** Writes a file as a whole or not at all: under another name first, which then takes the place of what was there. */
  put(path: string, bytes: Uint8Array, access: Access, mtime?: number): void;
  /** Removes what a `put` left that did not come to its end. */
  sweep(path: string): void;
  makeFolder(path: string, mode: number): void;
  remove(path: string): void;
  /** False when something else is in it. */
  removeFolder(path: string): boolean;
  setAccess(path: string, access: Access): void;
  setTime(path: string, mtime: number): void;
}

/** The tree below `root`, "" for the host itself. Links are followed inside it alone, and never at a file's own name. */
export function diskOf(root: string): Disk {
  const at = (path: string) => resolve(root, path, false).real;
  /** Its folder must be one where nobody else can put a link in the place of what was looked at. */
  const writable = (path: string) => {
    const real = at(path);
    requireOwnWay(dirname(real));
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
    follow: (path) => resolve(root, path, true).named,
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
    setAccess(path, { mode, uid, gid }) {
      const real = writable(path);
      Deno.chownSync(real, uid, gid);
      Deno.chmodSync(real, mode);
    },
    setTime: (path, mtime) => Deno.utimeSync(writable(path), mtime / 1000, mtime / 1000),
  };
}

function look(path: string): Found | undefined {
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

/** A sticky folder lets nobody replace what is another's (inode(7)). The way to a root is part of it. */
function requireOwnWay(folder: string): void {
  for (let place = folder; place !== "/"; place = dirname(place)) {
    const found = look(place);
    if (found === undefined) continue;
    const { uid, mode } = found;
    const own = uid === 0 || uid === Deno.uid();
    if (own && ((mode & 0o022) === 0 || (mode & 0o1000) !== 0)) continue;
    throw new Refused(
      `${place} belongs to uid ${uid} with mode ${
        mode.toString(8).padStart(4, "0")
      }: whoever else ` +
        "can write there could put another file in the place of what is written",
    );
  }
}
