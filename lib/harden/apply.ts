import { dirname } from "node:path";
import { sha256 } from "./digest.ts";
import { keptForms } from "./forms.ts";
import { type Host, isDone, type Planned } from "./host.ts";
import { type CommandEntry, type Entry, keep, type Manifest, writeManifest } from "./manifest.ts";
import { type PartName, Refused } from "./part.ts";
import { revertEntries } from "./revert.ts";
import { missingFolders, openStore, removeStore } from "./store.ts";
import { fileEntries, type FileItem, type Item, survey } from "./survey.ts";

/** What `apply` says of each change, as it is made. */
export type Tell = (text: string) => void;

/**
 * Makes the host as planned: the answer is how many changes that took. Before each of them, the manifest says what was there.
 * Throws Refused, before anything is changed where a plan cannot be carried out, or at a command that fails.
 */
export async function apply(
  planned: readonly Planned[],
  host: Host,
  force: boolean,
  tell: Tell,
): Promise<number> {
  const { hold, manifest } = openStore(host.disk, host.root);
  try {
    let found = await survey(planned, manifest, host, force);
    const { stale, refusals } = found;
    if (refusals.length > 0) throw new Refused(refusals.join("\n"));
    if (stale.length > 0) {
      manifest.dirty = [...new Set([...manifest.dirty, ...stale.map(({ part }) => part)])];
      await revertEntries(stale, manifest, host, force, tell);
      found = await survey(planned, manifest, host, force);
    }
    const { items } = found;
    const work = new Applying(manifest, host, tell);
    for (const [at, item] of items.entries()) {
      await work.carryOut(item, force);
      if (items[at + 1]?.part !== item.part) work.finish(item.part);
    }
    return work.changes + stale.length;
  } finally {
    if (manifest.entries.length === 0) removeStore(host.disk, host.root, manifest.made);
    hold.release();
  }
}

class Applying {
  changes = 0;

  constructor(readonly manifest: Manifest, readonly host: Host, readonly tell: Tell) {}

  /** Looks again first: what came before may have changed what is left to do. */
  async carryOut(item: Item, force: boolean): Promise<void> {
    if (item.kind === "command") {
      const todo = item.done === undefined ? item.todo : !await isDone(this.host.run, item.done);
      if (todo) await this.#command(item);
      return;
    }
    const planned = [{ part: item.part, summary: "", plan: { steps: [item.step], notes: [] } }];
    const now = await survey(planned, this.manifest, this.host, force);
    if (now.refusals.length > 0) throw new Refused(now.refusals.join("\n"));
    const [current] = now.items;
    if (current === undefined || !current.todo) return;
    if (current.kind === "file") this.#file(current);
    else if (current.kind === "access") this.#access(current);
  }

  /** All of its reloads were run: it waits for none any more. */
  finish(part: PartName): void {
    if (!this.manifest.dirty.includes(part)) return;
    this.manifest.dirty = this.manifest.dirty.filter((one) => one !== part);
    this.#save();
  }

  #file({ part, step: { path, merges }, after, access, was }: FileItem): void {
    const { manifest, host: { disk } } = this;
    const bytes = new TextEncoder().encode(after);
    const version = { ...access, sha256: sha256(bytes) };
    const known = fileEntries(manifest, path);
    const mine = known.find((entry) => entry.part === part);
    // What several parts write is taken back from the last one to the first.
    const entry = mine === undefined ? undefined : known.at(-1)!;
    const current = was && sha256(disk.read(path));
    if (!manifest.dirty.includes(part)) manifest.dirty.push(part);
    if (entry === undefined) {
      manifest.entries.push(
        ...missingFolders(disk, dirname(path)).map((path): Entry => ({
          kind: "folder",
          part,
          path,
        })),
        { kind: "file", part, path, before: keep(disk, path), after: [version] },
      );
    } else {
      const foreign = current !== undefined && current !== (entry.before?.sha256 ?? null) &&
        !entry.after.some((one) => one.sha256 === current);
      if (merges === true && foreign) entry.mixed = true;
      entry.after = [...entry.after, version];
    }
    this.#save();
    for (const folder of missingFolders(disk, dirname(path))) disk.makeFolder(folder, 0o755);
    disk.put(path, bytes, access);
    if (entry !== undefined) {
      entry.after = [version];
      this.#save();
    }
    this.#made(`${was === undefined ? "wrote" : "changed"} ${path}`);
  }

  #access({ part, step, was }: Extract<Item, { kind: "access" }>): void {
    const { manifest, host: { disk, names } } = this;
    const { path, mode, user, group, what } = step;
    const uid = names.uidOf(user);
    const gid = names.gidOf(group);
    if (uid === undefined || gid === undefined || was === undefined) {
      const kind = uid === undefined ? `user ${user}` : `group ${group}`;
      throw new Refused(`${path}: there is no ${kind} here`);
    }
    const after = { mode, uid, gid };
    const known = manifest.entries.find((entry) =>
      entry.kind === "access" && entry.part === part && entry.path === path
    );
    if (known?.kind === "access") known.after = after;
    else {
      const before = { mode: was.mode, uid: was.uid, gid: was.gid };
      manifest.entries.push({ kind: "access", what, part, path, before, after });
    }
    this.#save();
    disk.setAccess(path, what, after);
    this.#made(`gave ${path} to ${user}:${group} with mode ${octal(mode)}`);
  }

  async #command({ part, step, command }: Extract<Item, { kind: "command" }>) {
    const { manifest, host: { disk, run } } = this;
    const [program, ...args] = command;
    let entry = manifest.entries.find((one) =>
      one.kind === "command" && one.part === part &&
      JSON.stringify(one.command) === JSON.stringify(step.command)
    ) as CommandEntry | undefined;
    if (entry === undefined) {
      const kept = (paths: readonly string[] = []) =>
        Object.fromEntries(paths.map((path) => [path, keep(disk, path)]));
      entry = {
        kind: "command",
        part,
        ...keptForms(step),
        ...(step.clears === undefined ? {} : { clears: step.clears }),
        ...(step.frees === undefined ? {} : { frees: step.frees }),
        ...(step.leaves === undefined ? {} : { leaves: step.leaves }),
        ran: false,
        files: kept(step.touches?.files),
        beside: kept(step.touches?.beside),
      };
      manifest.entries.push(entry);
      this.#save();
    }
    const ran = await run(program!, args);
    if (ran === undefined || ran.code !== 0) {
      const why = ran === undefined ? "it is not installed" : said(ran);
      throw new Refused(
        `${part}: \`${command.join(" ")}\` failed: ${why}\nwhat came before it stands; \`postern ` +
          "harden apply` goes on from here, and `postern harden revert` takes it back",
      );
    }
    if (!entry.ran) {
      entry.ran = true;
      this.#save();
    }
    this.#made(`ran ${command.join(" ")}`);
  }

  #made(text: string): void {
    this.changes++;
    this.tell(text);
  }

  #save(): void {
    writeManifest(this.host.disk, this.manifest);
  }
}

/** What a program said when it failed. */
export function said({ code, stdout, stderr }: {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}): string {
  const text = (stderr.trim() || stdout.trim()).split("\n").slice(-3).join("; ");
  return text === "" ? `it answered ${code}` : text;
}

export function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}
