import { dirname } from "node:path";
import { type Hold, holdDirectory } from "../linux/flock.ts";
import type { Disk } from "./disk.ts";
import { type Manifest, manifestFile, readManifest, writeManifest } from "./manifest.ts";
import { KEPT } from "./names.ts";
import { Refused } from "./part.ts";
import { resolve } from "./resolve.ts";

/** Makes the folder of the manifest, and holds it: two at once would keep what the other has written. */
export function openStore(disk: Disk, root: string): { hold: Hold; manifest: Manifest } {
  const made = missingFolders(disk, KEPT);
  for (const folder of made) disk.makeFolder(folder, folder === KEPT ? 0o700 : 0o755);
  const hold = holdStore(root);
  try {
    const known = readManifest(disk);
    const manifest = known ?? { version: 2, made, dirty: [], entries: [] };
    if (known === undefined) writeManifest(disk, manifest);
    return { hold, manifest };
  } catch (error) {
    hold.release();
    throw error;
  }
}

/** Holds the folder of a manifest that is there. */
export function holdStore(root: string): Hold {
  const hold = holdDirectory(resolve(root, KEPT, false).real);
  if (hold === undefined) {
    throw new Refused(
      `another \`postern harden\` is at work, or a program that one was running when it was killed: it ` +
        `holds ${KEPT}`,
    );
  }
  return hold;
}

/** Removes the folder of the manifest with all that is in it, and what was made for it. */
export function removeStore(disk: Disk, root: string, made: readonly string[]): void {
  // First: without it, there is nothing left to take back.
  if (disk.look(manifestFile) !== undefined) disk.remove(manifestFile);
  const real = resolve(root, KEPT, false).real;
  Deno.removeSync(real, { recursive: true });
  removeFolders(disk, made);
}

/** Its own two always: a start that was cut off could not say yet which folders it made. */
function removeFolders(disk: Disk, made: readonly string[]): void {
  for (const folder of new Set([KEPT, dirname(KEPT), ...made.toReversed()])) {
    disk.removeFolder(folder);
  }
}

/** Removes what a start left that was cut off before there was a manifest. */
export function removeTraces(disk: Disk): void {
  removeFolders(disk, []);
}

/** The folders on the way to a path that are not there, outermost first; the path itself is one of them. */
export function missingFolders(disk: Disk, path: string): string[] {
  const missing: string[] = [];
  for (let folder = disk.follow(path); folder !== "/"; folder = dirname(folder)) {
    const found = disk.look(folder);
    if (found === undefined) missing.unshift(folder);
    else break;
  }
  return missing;
}
