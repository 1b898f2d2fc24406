import { dirname } from "node:path";
import { type Diagnostic, wholeFile } from "./diagnostics.ts";
import type { ConfigFs, FileStat } from "./fs.ts";
import { shellWord } from "./shell.ts";

type Report = (diagnostic: Diagnostic) => void;

/** The folder that a file is named in and the one that it really is in: whoever can write there can put another in its place. */
export function requireTrustedPlace(fs: ConfigFs, file: string, report: Report): void {
  const named = dirname(file);
  const real = dirname(fs.realPath(file) ?? file);
  const isReal = named === real || fs.realPath(named) === real;
  for (const folder of isReal ? [named] : [named, real]) {
    const stat = fs.stat(folder);
    if ("failure" in stat) continue;
    // A sticky folder lets nobody replace what is another's (inode(7)). A link in it may be anybody's.
    const kept = (stat.mode & 0o1000) !== 0 && (isReal || folder === real);
    requireTrust(fs, folder, kept ? { ...stat, mode: stat.mode & ~0o022 } : stat, report);
  }
}

/** Like sudoers(5) and its include folders: whoever can write it decides what is allowed. */
export function requireTrust(fs: ConfigFs, file: string, stat: FileStat, report: Report): void {
  const own = fs.ownUid();
  const foreign = stat.uid !== 0 && stat.uid !== own;
  const writable = (stat.mode & 0o022) !== 0;
  if (!foreign && !writable) return;
  const mode = stat.mode.toString(8).padStart(4, "0");
  const who = own === 0 ? "root" : `root or uid ${own}`;
  const problems = [
    ...(foreign ? [`belongs to uid ${stat.uid}, not to ${who}`] : []),
    ...(writable ? [`can be written by others than its owner (mode ${mode})`] : []),
  ];
  const commands = [
    ...(foreign ? [`chown root ${shellWord(file)}`] : []),
    ...(writable ? [`chmod go-w ${shellWord(file)}`] : []),
  ];
  const what = stat.kind === "directory" ? "this folder" : "this file";
  const message = `${what} is not trusted: it ${problems.join(" and ")}`;
  report(wholeFile("untrusted", file, message, `run: ${commands.join(" && ")}`));
}
