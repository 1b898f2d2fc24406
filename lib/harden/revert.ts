import { octal, said, type Tell } from "./apply.ts";
import { sha256 } from "./digest.ts";
import type { Access } from "./disk.ts";
import { formsAt } from "./forms.ts";
import { type Host, isDone } from "./host.ts";
import {
  type Before,
  type CommandEntry,
  type Entry,
  type FileEntry,
  type Manifest,
  manifestFile,
  readManifest,
  restore,
  self,
  writeManifest,
} from "./manifest.ts";
import { KEPT } from "./names.ts";
import { requirePlainTree } from "./plain.ts";
import { type Freed, type Left, needs, type PartName, Refused } from "./part.ts";
import { holdStore, removeStore, removeTraces } from "./store.ts";
import { fileEntries, sameAccess } from "./survey.ts";

/**
 * Takes back what `apply` did for these parts, the last change first: the answer is how many there were. Throws Refused, before
 * anything is changed where something was changed by hand since, or at an undoing that fails.
 */
export async function revert(
  parts: ReadonlySet<PartName>,
  host: Host,
  force: boolean,
  tell: Tell,
): Promise<number> {
  const { disk, root } = host;
  if (disk.look(KEPT) === undefined) {
    removeTraces(disk);
    return 0;
  }
  const hold = holdStore(root);
  try {
    const manifest = readManifest(disk);
    const entries = (manifest?.entries ?? []).filter(({ part }) => parts.has(part)).toReversed();
    const left = new Set((manifest?.entries ?? []).map(({ part }) => part)).difference(parts);
    const refusals = [...left].filter((part) => needs[part] !== undefined && parts.has(needs[part]))
      .map((part) => `${part} stands on the accounts of ${needs[part]}: revert it, too`);
    if (refusals.length > 0 && entries.length > 0) throw new Refused(refusals.join("\n"));
    if (manifest !== undefined) await revertEntries(entries, manifest, host, force, tell);
    if (manifest === undefined || manifest.entries.length === 0) {
      disk.sweep(`${KEPT}/manifest.json`);
      removeStore(disk, root, manifest?.made ?? []);
    }
    return entries.length;
  } finally {
    hold.release();
  }
}

/** Takes back these entries, in the order given, and strikes each of them from the manifest. */
export async function revertEntries(
  entries: readonly Entry[],
  manifest: Manifest,
  host: Host,
  force: boolean,
  tell: Tell,
): Promise<void> {
  const { disk, root } = host;
  if (root !== "") requireOwnCommands(entries, host);
  const refusals = force
    ? []
    : entries.flatMap((entry) => changedSince(entry, entries, manifest, host));
  if (refusals.length > 0) throw new Refused(refusals.join("\n"));
  const strike = (entry: Entry) => {
    manifest.entries = manifest.entries.filter((one) => one !== entry);
    writeManifest(disk, manifest);
  };
  for (const [at, entry] of entries.entries()) {
    if (entry.kind === "file") revertFile(entry, host, tell);
    else if (entry.kind === "access") revertAccess(entry, host, tell);
    else if (entry.kind === "command" && !isReload(entry)) await undo(entry, host, tell);
    if (entry.kind === "folder") {
      if (removeFolder(entry, manifest, host, tell)) strike(entry);
      else writeManifest(disk, manifest);
    } else if (!mustWait(entry)) strike(entry);
    // What a reload reads must be as it was, and what a later part needs may be gone by then.
    if (entries[at + 1]?.part === entry.part) continue;
    const part = entries.filter((one) => one.part === entry.part).toReversed();
    for (const reload of part.filter(mustWait)) {
      await runAgain(reload, host, tell);
      strike(reload);
    }
  }
}

/** The manifest is the tree's: not even by force is anything run that it makes up. */
function requireOwnCommands(entries: readonly Entry[], { root, isBelowCommand }: Host): void {
  const commands = entries.filter((entry) => entry.kind === "command");
  for (const { below } of commands) {
    if (below === undefined) continue;
    const odd = [below.undo ?? [], below.done ?? []].find((words) => !isBelowCommand(words));
    if (odd === undefined) continue;
    throw new Refused(
      `${manifestFile} below ${root} wants ${JSON.stringify(odd)} to be run, which no ` +
        "apply has written there: it is not trusted",
    );
  }
  if (commands.length > 0) requirePlainTree(root);
}

function mustWait(entry: Entry): entry is CommandEntry {
  return entry.kind === "command" && isReload(entry);
}

/** False when it stays in the manifest: it goes with the part that still has a file there. */
function removeFolder(
  entry: Extract<Entry, { kind: "folder" }>,
  manifest: Manifest,
  { disk }: Host,
  tell: Tell,
): boolean {
  if (disk.look(entry.path)?.kind !== "folder" || disk.removeFolder(entry.path)) return true;
  const tenant = manifest.entries.find((one) =>
    one.kind === "file" && one.path.startsWith(`${entry.path}/`)
  );
  if (tenant === undefined) tell(`left ${entry.path}, where something else is now`);
  else entry.part = tenant.part;
  return tenant === undefined;
}

async function runAgain(entry: CommandEntry, { root, run }: Host, tell: Tell): Promise<void> {
  // Of those below a root, none is a reload.
  if (root !== "") return;
  const { command } = entry;
  const [program, ...args] = command;
  const ran = await run(program!, args);
  if (ran === undefined) return;
  const text = command.join(" ");
  tell(
    ran.code === 0
      ? `ran ${text}`
      : `\`${text}\` failed, which may be for want of what is gone: ${said(ran)}`,
  );
}

function isReload({ command, undo, done }: CommandEntry): boolean {
  if (undo === undefined) return done === undefined;
  return JSON.stringify(undo) === JSON.stringify(command);
}

/** Why an entry cannot be taken back without the loss of what somebody else did. */
function changedSince(
  entry: Entry,
  all: readonly Entry[],
  manifest: Manifest,
  { disk }: Host,
): string[] {
  if (entry.kind !== "file") return [];
  const { path, before, after, mixed } = entry;
  const later = fileEntries(manifest, path).slice(fileEntries(manifest, path).indexOf(entry) + 1);
  const open = later.find((one) => !all.includes(one));
  if (open !== undefined) {
    return [`${path} was changed by the part ${open.part} since: revert that one, too`];
  }
  // What the later ones leave is what this one wrote.
  if (later.length > 0) return [];
  const found = disk.look(path);
  const hint = "--force puts back what was there before all the same";
  if (found === undefined) {
    return before === null ? [] : [`${path} was removed since it was written: ${hint}`];
  }
  const digest = found.kind === "file" ? sha256(disk.read(path)) : undefined;
  const is = (one: { sha256: string; mode: number; uid: number; gid: number }) =>
    one.sha256 === digest && sameAccess(one, found);
  if (mixed === true) {
    return [
      `${path} holds changes that were made by hand beside ours: take ours out there; ${hint}`,
    ];
  }
  if (after.some(is) || (before !== null && is(before))) return [];
  return [`${path} was changed by hand since it was written: ${hint}`];
}

function revertFile({ path, before }: FileEntry, { disk }: Host, tell: Tell): void {
  disk.sweep(path);
  restore(disk, path, before);
  tell(before === null ? `removed ${path}` : `put back ${path}`);
}

/** A socket that is gone, or was made anew since, is whoever's who made it. */
function revertAccess(
  { path, what, before, after }: Extract<Entry, { kind: "access" }>,
  { disk }: Host,
  tell: Tell,
): void {
  const found = disk.look(path);
  if (found?.kind !== what || !sameAccess(found, after)) return;
  disk.setAccess(path, what, before);
  tell(`gave ${path} back to ${before.uid}:${before.gid} with mode ${octal(before.mode)}`);
}

/** A socket that was made since, by systemd or the engine, is the group's as well. */
function free({ group, sockets, to, mode: most }: Freed, { disk, names }: Host, tell: Tell): void {
  const gid = names.gidOf(group);
  for (const path of sockets) {
    const found = disk.look(path);
    if (gid === undefined || found?.kind !== "socket" || found.gid !== gid) continue;
    const { uid } = found;
    const mode = found.mode & most;
    const next = names.gidOf(to) ?? 0;
    disk.setAccess(path, "socket", { mode, uid, gid: next });
    tell(`gave ${path} to ${uid}:${next} with mode ${octal(mode)}, since ${group} goes`);
  }
}

/** The folder first: in one that is not root's, nothing is changed by root. What is in folders below it stays. */
function inherit({ user, folders }: Left, { disk, names }: Host, tell: Tell): void {
  const uid = names.uidOf(user);
  for (const folder of folders) {
    const found = disk.look(folder);
    if (uid === undefined || found?.kind !== "folder" || found.uid !== uid) continue;
    const toRoot = (path: string, what: "folder" | "file", { mode }: Access) =>
      disk.setAccess(path, what, { mode: mode & 0o755, ...self() });
    toRoot(folder, "folder", found);
    for (const name of disk.list(folder)) {
      const path = `${folder}/${name}`;
      const one = disk.look(path);
      if (one?.kind === "file" && one.uid === uid) toRoot(path, "file", one);
    }
    tell(`gave ${folder} and the files in it to root, since ${user} goes`);
  }
}

async function undo(entry: CommandEntry, host: Host, tell: Tell): Promise<void> {
  const { disk, root, run } = host;
  const forms = formsAt(entry, root);
  if (forms === undefined) {
    // It was run on the host that this tree is of, and is no matter of the host that the tree is on.
    if (entry.undo !== undefined) tell(`left to its own host: ${entry.undo.join(" ")}`);
    return;
  }
  const { command, undo, done } = forms;
  const { clears, ran, files, beside } = entry;
  // It was cut off before it began, or somebody has undone it by hand.
  const needed = clears ?? (done === undefined ? ran : await isDone(run, done));
  if (undo !== undefined && needed) {
    if (entry.frees !== undefined) free(entry.frees, host, tell);
    if (entry.leaves !== undefined) inherit(entry.leaves, host, tell);
    const [program, ...args] = undo;
    const answer = await run(program!, args);
    if (answer !== undefined && answer.code !== 0) {
      throw new Refused(
        `\`${undo.join(" ")}\`, which takes back \`${command.join(" ")}\`, failed: ${said(answer)}`,
      );
    }
    if (answer !== undefined) tell(`ran ${undo.join(" ")}`);
  }
  if (!Object.entries(files).every(([path, before]) => holds(disk, path, before))) return;
  for (const [path, before] of Object.entries(files)) {
    if (before !== null) disk.setTime(path, before.mtime);
  }
  for (const [path, before] of Object.entries(beside)) restore(disk, path, before);
}

function holds(disk: Host["disk"], path: string, before: Before): boolean {
  const found = disk.look(path);
  if (before === null || found === undefined) return before === null && found === undefined;
  return found.kind === "file" && sameAccess(found, before) &&
    sha256(disk.read(path)) === before.sha256;
}
