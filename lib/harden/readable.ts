import { dirname } from "node:path";
import { octal } from "./apply.ts";
import { type AccessStep, type Facts, Refused } from "./part.ts";
import { readFiles } from "./read_files.ts";
import { LOGS } from "./service_unit.ts";

/**
 * What lets the gate's user read these files: where others cannot, its group does. Throws Refused where that group would take the
 * place of another that can.
 */
export function readableSteps(facts: Facts): AccessStep[] {
  if (facts.user === "root") return [];
  const files = readFiles(facts);
  const folders = [...new Set(files.flatMap(foldersTo))].sort();
  return [
    ...folders.flatMap((path) => step(facts, path, 0o010)),
    ...files.flatMap((path) => step(facts, path, 0o040)),
  ];
}

/** `bit` is the group's: to read a file, or to pass through a folder. What is as it should be is a step, too: it stays wanted. */
function step({ look, ids, user }: Facts, path: string, bit: 0o010 | 0o040): AccessStep[] {
  const found = look(path);
  // One that is not there yet is written for everybody to read.
  if (found === undefined || (found.mode & (bit >> 3)) !== 0 || found.uid === ids.uid) return [];
  if (found.uid !== 0 || ![0, ids.gid].includes(found.gid)) {
    throw new Refused(
      `${path} (mode ${
        octal(found.mode)
      }, owner ${found.uid}:${found.gid}) cannot be read by the ` +
        `gate, which runs as ${user}: give it to the group ${user}, or let others read it`,
    );
  }
  return [{
    kind: "access",
    what: bit === 0o010 ? "folder" : "file",
    path,
    mode: found.mode | bit,
    user: "root",
    group: user,
    why: "the gate is not root any more when it reads this",
  }];
}

function foldersTo(path: string): string[] {
  const folders: string[] = [];
  for (let folder = dirname(path); folder !== "/"; folder = dirname(folder)) folders.push(folder);
  return folders;
}

/**
 * The folder of the audit file, when it was root's gate that wrote there before: systemd would give the user what is in it, and
 * nobody would know whose it was.
 */
export function logSteps({ config: { audit }, look, list, user }: Facts): AccessStep[] {
  if (audit.to !== "file" || dirname(audit.path) !== LOGS || user === "root") return [];
  if (look(LOGS) === undefined) return [];
  // The folder last, and the first to be given back: in one that is not root's, nothing is changed by root.
  const paths = [...list(LOGS).map((name) => `${LOGS}/${name}`), LOGS];
  return paths.flatMap((path) => {
    const found = look(path);
    if (found === undefined) return [];
    return [{
      kind: "access",
      what: path === LOGS ? "folder" : "file",
      path,
      mode: path === LOGS ? 0o750 : found.mode,
      user,
      group: user,
      why: "the gate goes on writing what another user's gate has begun",
    }];
  });
}

/** systemd makes that folder the gate's; another one must be that already, or the gate would not start. */
export function requireWritableLog({ config: { audit }, look, ids, user }: Facts): void {
  if (audit.to !== "file" || user === "root") return;
  const folder = dirname(audit.path);
  if (folder === LOGS) return;
  const found = look(folder);
  const hint = `write audit: { file: ${LOGS}/audit.jsonl }, or give ${folder} to ${user}`;
  if (found === undefined) throw new Refused(`${folder}, where audit goes, is not there: ${hint}`);
  if (found.uid === ids.uid && (found.mode & 0o300) === 0o300) return;
  throw new Refused(`${folder}, where audit goes, cannot be written by ${user}: ${hint}`);
}
