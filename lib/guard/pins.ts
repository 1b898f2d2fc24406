import { makeFolder, removeFolder, removeName } from "../linux/bpffs.ts";
import { linkInfo, openLink, openPinned, pin } from "../linux/bpf.ts";
import { namesIn } from "../linux/directory.ts";
import { errno, SystemError } from "../linux/errno.ts";
import { rename, statusOf } from "../linux/file.ts";
import { close } from "../linux/io.ts";
import { readWholeFile } from "../linux/proc.ts";

/** Where a seal is kept over its guard's end. */
export const PIN_FOLDER = "/sys/fs/bpf/postern";
const FILE_SYSTEM = "/sys/fs/bpf";
/** The one that holds: a link keeps its program, and that its maps. The others are there to be looked at. */
export const LINK = "link";
/** Without a dot, which the file system keeps to itself (bpf_lookup, kernel/bpf/inode.c). */
const NEW = "_new";

/**
 * Makes the folder for the pins; why it cannot be had, or undefined. Everybody may make folders where a BPF file system was mounted
 * without a mode (tmpfs(5): 1777): who owns this one could take the pins away. Throws a SystemError.
 */
export function claimFolder(): string | undefined {
  const mounts = readWholeFile("/proc/self/mounts") ?? "";
  const mounted = mounts.split("\n").some((line) => {
    const [, at, type] = line.split(" ");
    return at === FILE_SYSTEM && type === "bpf";
  });
  if (!mounted) return `nothing can be pinned: mount -t bpf -o mode=0700 bpf ${FILE_SYSTEM}`;
  makeFolder(PIN_FOLDER);
  const status = statusOf(PIN_FOLDER);
  if (status?.isDirectory && status.uid === 0 && (status.mode & 0o077) === 0) return undefined;
  return `${PIN_FOLDER} is not a folder of root's alone: find out who made it (uid ${status?.uid}), and remove it`;
}

/**
 * Pins these descriptors by their names, in the place of what was pinned before. Each name changes hands at once, and the old link
 * ends when the new one stands already: there is no time between two seals. The folder is claimed. Throws a SystemError.
 */
export function pinAll(objects: Readonly<Record<string, number>>): void {
  for (const [name, fd] of Object.entries(objects)) {
    const path = `${PIN_FOLDER}/${name}`;
    removeName(path + NEW);
    pin(fd, path + NEW);
    if (rename(path + NEW, path) < 0) throw new SystemError("rename", path, errno());
  }
}

/** Takes the pins away; undefined when there were none, else whether something else, a guard that runs, still holds the seal. Throws a SystemError. */
export function unpinAll(): { readonly stillHeld: boolean } | undefined {
  const names = namesIn(PIN_FOLDER);
  if (names === undefined) return undefined;
  const link = openPinned(`${PIN_FOLDER}/${LINK}`);
  const id = link === undefined ? undefined : linkInfo(link).id;
  if (link !== undefined) close(link);
  for (const name of names) removeName(`${PIN_FOLDER}/${name}`);
  removeFolder(PIN_FOLDER);
  if (link === undefined) return undefined;
  const held = id === undefined ? undefined : openLink(id);
  if (held !== undefined) close(held);
  return { stillHeld: held !== undefined };
}
