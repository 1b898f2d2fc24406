import { dirname, isAbsolute, relative } from "node:path";
import { type Diagnostic, wholeFile } from "./diagnostics.ts";
import type { ConfigFs, LinkStat } from "./fs.ts";
import { shellWord } from "./shell.ts";
import { type Step, walk } from "./walk.ts";

type Report = (diagnostic: Diagnostic) => void;

const STICKY = 0o1000;
const WRITABLE = 0o022;

/**
 * Folders that are root's on every machine (hier(7)), or nothing there can be trusted, Postern's own program included. In a user
 * namespace without root they show as everybody's who has no number.
 */
const rootsOwn = new Set([
  ...["/", "/etc", "/home", "/mnt", "/opt", "/run", "/run/user", "/srv", "/tmp", "/usr"],
  ...["/usr/local", "/usr/local/etc", "/var", "/var/lib", "/var/tmp"],
]);

/**
 * Reports every folder and link on the way to a file through which others could put another in its place. A sticky folder lets
 * nobody replace what is another's (inode(7)), so what stands in one must be root's or our own, be it a link.
 */
export function requireTrustedWay(fs: ConfigFs, path: string, report: Report): void {
  const steps = walk(fs, path);
  steps.pop();
  for (const step of steps) requireTrustedStep(fs, path, step, steps, report);
}

/** The same for a folder whose files count because they are in it: others must not add any, either. */
export function requireTrustedFolder(fs: ConfigFs, path: string, report: Report): void {
  requireTrustedWay(fs, path, report);
  const { path: place, stat } = walk(fs, path).at(-1)!;
  if (!("failure" in stat)) requireTrust(fs, nameOf(fs, path, place), stat, report);
}

function requireTrustedStep(
  fs: ConfigFs,
  path: string,
  { path: place, stat }: Step,
  steps: readonly Step[],
  report: Report,
): void {
  if ("failure" in stat) return;
  const { uid, mode, target } = stat;
  const sticky = (mode & STICKY) !== 0;
  const name = nameOf(fs, path, place);
  if (target !== undefined) {
    // Elsewhere only those could have made it who may write the folder.
    if (isSticky(steps, dirname(place))) requireTrust(fs, name, stat, report);
    return;
  }
  requireTrust(fs, name, {
    ...stat,
    uid: uid === fs.unknownUid() && rootsOwn.has(place) ? 0 : uid,
    mode: sticky ? mode & ~WRITABLE : mode,
  }, report);
}

function isSticky(steps: readonly Step[], folder: string): boolean {
  const stat = steps.find(({ path }) => path === folder)?.stat;
  return stat !== undefined && !("failure" in stat) && (stat.mode & STICKY) !== 0;
}

/** Like sudoers(5) and its include folders: whoever can write it decides what is allowed. */
export function requireTrust(fs: ConfigFs, file: string, stat: LinkStat, report: Report): void {
  const own = fs.ownUid();
  const unknown = stat.uid === fs.unknownUid();
  const foreign = stat.uid !== 0 && (stat.uid !== own || unknown);
  // A link has no mode of its own (symlink(7)).
  const writable = stat.target === undefined && (stat.mode & WRITABLE) !== 0;
  if (!foreign && !writable) return;
  const mode = stat.mode.toString(8).padStart(4, "0");
  const who = own === 0 || own === fs.unknownUid() ? "root" : `root or uid ${own}`;
  const whose = `uid ${stat.uid}` +
    (unknown ? ", which stands for all that this user namespace does not know" : "");
  const problems = [
    ...(foreign ? [`belongs to ${whose}, not to ${who}`] : []),
    ...(writable ? [`can be written by others than its owner (mode ${mode})`] : []),
  ];
  const chown = stat.target === undefined ? "chown" : "chown -h";
  const commands = [
    ...(foreign ? [`${chown} root ${shellWord(file)}`] : []),
    ...(writable ? [`chmod go-w ${shellWord(file)}`] : []),
  ];
  const message = `this ${kindOf(stat)} is not trusted: it ${problems.join(" and ")}`;
  report(wholeFile("untrusted", file, message, `run: ${commands.join(" && ")}`));
}

function kindOf({ kind, target }: LinkStat): string {
  if (target !== undefined) return `link to ${target}`;
  return kind === "directory" ? "folder" : "file";
}

/** A place on the way to `path`, written as that is: relative or absolute. */
function nameOf(fs: ConfigFs, path: string, place: string): string {
  if (isAbsolute(path)) return place;
  const name = relative(fs.cwd(), place);
  return name === "" ? "." : name.startsWith("..") ? place : name;
}
