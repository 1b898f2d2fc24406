import type { Access, Disk } from "./disk.ts";
import { sha256 } from "./digest.ts";
import type { KeptForms } from "./forms.ts";
import { KEPT } from "./names.ts";
import { type Freed, type Left, type Owned, type PartName, partNames, Refused } from "./part.ts";

/** A file that was there, and the copy of it that is kept; null where there was none. */
export type Before =
  | (Access & {
    readonly sha256: string;
    /** Name of the copy below /var/lib/postern/harden/copies. */
    readonly copy: string;
    /** Milliseconds since the epoch. */
    readonly mtime: number;
  })
  | null;

/** What was written. Two while one is being put in the place of the other. */
export type Version = Access & { readonly sha256: string };

/** A change that was made, and what takes it back. */
export type Entry =
  & { part: PartName }
  & (
    | { readonly kind: "folder"; readonly path: string }
    | {
      readonly kind: "file";
      readonly path: string;
      readonly before: Before;
      after: readonly Version[];
      /** Somebody else's changes were merged, too: to put `before` back would undo them. */
      mixed?: true;
    }
    | {
      readonly kind: "access";
      readonly what: Owned;
      readonly path: string;
      readonly before: Access;
      after: Access;
    }
    | KeptForms & {
      readonly kind: "command";
      readonly clears?: true;
      readonly frees?: Freed;
      readonly leaves?: Left;
      /** It came to its end; else it may have been cut off. */
      ran: boolean;
      /** What was in the files that it touches. */
      readonly files: Readonly<Record<string, Before>>;
      readonly beside: Readonly<Record<string, Before>>;
    }
  );
export type FileEntry = Extract<Entry, { kind: "file" }>;
export type CommandEntry = Extract<Entry, { kind: "command" }>;

/** Everything that `apply` has done, in its order. */
export interface Manifest {
  readonly version: 2;
  /** Folders that were made to keep this in. */
  readonly made: readonly string[];
  /** Parts with files that were changed, and reloads that were not run since. */
  dirty: PartName[];
  entries: Entry[];
}

export const manifestFile = `${KEPT}/manifest.json`;
const copies = `${KEPT}/copies`;
const OWN = { mode: 0o600 } as const;

/** The manifest, or undefined where nothing was applied. Throws Refused when it cannot be trusted or read. */
export function readManifest(disk: Disk): Manifest | undefined {
  const found = disk.look(manifestFile);
  if (found === undefined) return undefined;
  const own = Deno.uid() ?? 0;
  const folder = disk.look(KEPT);
  for (const [path, one] of [[manifestFile, found], [KEPT, folder]] as const) {
    // It names commands that are run as root.
    if (one === undefined || one.uid !== own || (one.mode & 0o022) !== 0) {
      throw new Refused(`${path} can be written by others than uid ${own}: it is not trusted`);
    }
  }
  if (found.kind !== "file") throw new Refused(`${manifestFile} is not a file`);
  try {
    return checked(JSON.parse(new TextDecoder().decode(disk.read(manifestFile))));
  } catch (error) {
    throw new Refused(`${manifestFile} cannot be read: ${(error as Error).message}`);
  }
}

function checked(manifest: Manifest): Manifest {
  if (manifest.version !== 2) throw new Error(`its version is ${manifest.version}, wanted 2`);
  if (!Array.isArray(manifest.entries)) throw new Error("it has no entries");
  for (const { part } of manifest.entries) {
    if (!partNames.includes(part)) throw new Error(`there is no part ${JSON.stringify(part)}`);
  }
  return manifest;
}

export function writeManifest(disk: Disk, manifest: Manifest): void {
  const text = JSON.stringify(manifest, undefined, 2) + "\n";
  disk.put(manifestFile, new TextEncoder().encode(text), { ...OWN, ...self() });
}

/** Who this process is: root, but for a tree of its own. */
export function self(): { readonly uid: number; readonly gid: number } {
  return { uid: Deno.uid() ?? 0, gid: Deno.gid() ?? 0 };
}

/** Keeps a copy of a file with everything that `restore` needs; null where there is none. */
export function keep(disk: Disk, path: string): Before {
  const found = disk.look(path);
  if (found === undefined) return null;
  if (found.kind !== "file") throw new Refused(`${path} is there, and is no file`);
  const bytes = disk.read(path);
  const digest = sha256(bytes);
  if (disk.look(copies) === undefined) disk.makeFolder(copies, 0o700);
  if (disk.look(`${copies}/${digest}`) === undefined) {
    disk.put(`${copies}/${digest}`, bytes, { ...OWN, ...self() });
  }
  const { mode, uid, gid, mtime } = found;
  return { sha256: digest, copy: digest, mode, uid, gid, mtime };
}

/** Puts back what was kept, or nothing where nothing was. */
export function restore(disk: Disk, path: string, before: Before): void {
  if (before !== null) {
    const copy = `${copies}/${before.copy}`;
    const bytes = disk.look(copy)?.kind === "file" ? disk.read(copy) : undefined;
    if (bytes === undefined || sha256(bytes) !== before.sha256) {
      throw new Refused(`the copy of ${path} in ${copies}/${before.copy} is not what was kept`);
    }
    disk.put(path, bytes, before, before.mtime);
  } else if (disk.look(path) !== undefined) disk.remove(path);
}
