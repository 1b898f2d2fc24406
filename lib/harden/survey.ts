import type { Access } from "./disk.ts";
import { sha256 } from "./digest.ts";
import { formsAt, keptForms } from "./forms.ts";
import { type Host, isDone, type Planned } from "./host.ts";
import { type Entry, type FileEntry, type Manifest, self } from "./manifest.ts";
import { requirePlainTree } from "./plain.ts";
import {
  type AccessStep,
  type CommandStep,
  type FileStep,
  type PartName,
  Refused,
} from "./part.ts";

/** A step as it stands: what is left of it to do. */
export type Item =
  & { readonly part: PartName }
  & (
    | {
      readonly kind: "file";
      readonly step: FileStep;
      /** What the file holds, and what it should hold. */
      readonly before: string | undefined;
      readonly after: string;
      readonly access: Access;
      /** The mode or the owner is another; undefined where there is no file. */
      readonly was: Access | undefined;
      readonly todo: boolean;
    }
    | {
      readonly kind: "access";
      readonly step: AccessStep;
      /** Undefined while there is no such file. */
      readonly was: Access | undefined;
      readonly todo: boolean;
    }
    | {
      readonly kind: "command";
      readonly step: CommandStep;
      /** As it is run here. */
      readonly command: readonly string[];
      readonly done: readonly string[] | undefined;
      readonly todo: boolean;
    }
  );
export type FileItem = Extract<Item, { kind: "file" }>;

/** Everything that a plan comes to on this host. */
export interface Survey {
  readonly items: readonly Item[];
  /** Steps of earlier applies that are wanted no more, the last one first. */
  readonly stale: readonly Entry[];
  /** Why nothing may be changed. */
  readonly refusals: readonly string[];
}

/** Looks at the host and changes nothing; the commands that are run only look, too. */
export async function survey(
  planned: readonly Planned[],
  manifest: Manifest | undefined,
  host: Host,
  force: boolean,
): Promise<Survey> {
  const items: Item[] = [];
  const refusals: string[] = [];
  for (const { part, plan } of planned) {
    const own: Item[] = [];
    const reloads: number[] = [];
    for (const step of plan.steps) {
      try {
        if (step.kind === "file") own.push(fileItem(part, step, manifest, host, force));
        else if (step.kind === "access") own.push(accessItem(part, step, host));
        else {
          const item = await commandItem(part, step, host);
          if (item === undefined) continue;
          if (item.done === undefined) reloads.push(own.length);
          own.push(item);
        }
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        refusals.push(`${part}: ${error.message}`);
      }
    }
    const changed = manifest?.dirty.includes(part) === true ||
      own.some(({ kind, todo }) => kind === "file" && todo);
    for (const at of reloads) own[at] = { ...own[at]!, todo: changed };
    items.push(...own);
  }
  return { items, refusals: [...new Set(refusals)], stale: staleEntries(planned, items, manifest) };
}

function fileItem(
  part: PartName,
  step: FileStep,
  manifest: Manifest | undefined,
  { disk, root }: Host,
  force: boolean,
): FileItem {
  const { path } = step;
  const found = disk.look(path);
  if (found !== undefined && found.kind !== "file") {
    const what = found.kind === "link"
      ? `is a link to ${found.target}`
      : `is there as a ${found.kind}`;
    throw new Refused(`${path} ${what}: put a file in its place, or leave this part out (--only)`);
  }
  const bytes = found && disk.read(path);
  const before = bytes && decode(path, bytes);
  const after = step.content(before);
  const kept = step.merges === true && found !== undefined;
  const access = kept
    ? { mode: found.mode, uid: found.uid, gid: found.gid }
    : { mode: step.mode, ...(root === "" ? { uid: 0, gid: 0 } : self()) };
  const todo = before !== after || found === undefined || !sameAccess(found, access);
  const known = fileEntries(manifest, path);
  if (todo && !force && step.merges !== true && known.length > 0) {
    const digest = bytes && sha256(bytes);
    const ours = known.some((entry) =>
      entry.after.some((one) => one.sha256 === digest && sameAccess(one, found!)) ||
      (digest ?? null) === (entry.before?.sha256 ?? null)
    );
    if (!ours) {
      throw new Refused(
        `${path} was changed by hand since it was written: --force writes it anew, and ` +
          "`harden plan` shows the difference",
      );
    }
  }
  return { kind: "file", part, step, before, after, access, was: found, todo };
}

function decode(path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Refused(`${path} is not UTF-8`);
  }
}

/** What is known of a file, the last change last. */
export function fileEntries(manifest: Manifest | undefined, path: string): FileEntry[] {
  return manifest?.entries.filter((entry) => entry.kind === "file" && entry.path === path) as
    | FileEntry[]
    | undefined ?? [];
}

export function sameAccess(one: Access, other: Access): boolean {
  return one.mode === other.mode && one.uid === other.uid && one.gid === other.gid;
}

function accessItem(part: PartName, step: AccessStep, { disk, names }: Host): Item {
  const was = disk.look(step.path);
  if (was?.kind === "link") {
    throw new Refused(`${step.path} is a link to ${was.target}: nothing is set through links`);
  }
  if (was !== undefined && was.kind !== step.what) {
    throw new Refused(
      `${step.path} is there as a ${was.kind}, not as a ${step.what}, and is not given away`,
    );
  }
  // Its mask is the group's part of the mode, so that a mode for the group would let in whom it names (acl(5)).
  if (was?.kind === "socket" && disk.hasAcl(step.path)) {
    throw new Refused(
      `${step.path} has an access control list, which lets in others than its owner and group: ` +
        `setfacl --remove-all ${step.path}`,
    );
  }
  const uid = names.uidOf(step.user);
  const gid = names.gidOf(step.group);
  const todo = was !== undefined &&
    (was.mode !== step.mode || was.uid !== uid || was.gid !== gid);
  return { kind: "access", part, step, was, todo };
}

async function commandItem(part: PartName, step: CommandStep, { root, run }: Host) {
  const forms = formsAt(keptForms(step), root);
  if (forms === undefined) return undefined;
  if (root !== "") requirePlainTree(root);
  const { command, done } = forms;
  const todo = done !== undefined && !await isDone(run, done);
  return { kind: "command", part, step, command, done, todo } as const;
}

/** A part that is left out now keeps what it has: its kernel facility may only be away for a boot. */
function staleEntries(
  planned: readonly Planned[],
  items: readonly Item[],
  manifest: Manifest | undefined,
): Entry[] {
  const parts = new Set(
    planned.filter(({ plan }) => plan.skipped === undefined).map(({ part }) => part),
  );
  const wanted = new Set(items.map(keyOf));
  return (manifest?.entries ?? []).filter((entry) =>
    parts.has(entry.part) && entry.kind !== "folder" && !wanted.has(keyOfEntry(entry))
  ).toReversed();
}

function keyOf(item: Item): string {
  const what = item.kind === "command" ? item.step.command : item.step.path;
  return JSON.stringify([item.part, item.kind, what]);
}

function keyOfEntry(entry: Entry): string {
  const what = entry.kind === "command" ? entry.command : entry.path;
  return JSON.stringify([entry.part, entry.kind, what]);
}
