import { createHash } from "node:crypto";
import { runProgram } from "../../../lib/cli/programs.ts";
import { type Disk, diskOf } from "../../../lib/harden/disk.ts";
import { namesFor } from "../../../lib/harden/facts.ts";
import type { Host } from "../../../lib/harden/host.ts";

/** A tree that stands in for a host's, and what it holds to begin with. */
export async function withRoot(
  files: Readonly<Record<string, string>>,
  test: (root: string) => Promise<void>,
): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "harden-" });
  try {
    await Deno.mkdir(`${root}/var/lib`, { recursive: true });
    for (const [path, text] of Object.entries(files)) {
      await Deno.mkdir(`${root}${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
      await Deno.writeTextFile(`${root}${path}`, text);
      await Deno.utime(`${root}${path}`, 1_700_000_000, 1_700_000_000.25);
    }
    await test(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

/** Every path with what makes it what it is, and the hash of what it holds; folders without their times, which their names change. */
export function pictureOf(root: string): string[] {
  const lines: string[] = [];
  const walk = (path: string) => {
    for (const { name } of Deno.readDirSync(path)) {
      const one = `${path}/${name}`;
      const info = Deno.lstatSync(one);
      const mode = (info.mode! & 0o7777).toString(8);
      const what = info.isSymlink
        ? `-> ${Deno.readLinkSync(one)}`
        : info.isDirectory
        ? "folder"
        : info.isFile
        ? `${createHash("sha256").update(Deno.readFileSync(one)).digest("hex")} ${
          info.mtime!.getTime()
        }`
        : "other";
      lines.push(`${one.slice(root.length)} ${mode} ${info.uid}:${info.gid} ${what}`);
      if (info.isDirectory) walk(one);
    }
  };
  walk(root);
  return lines.sort();
}

/** The host below a root, with a disk of the test's own on request. */
export function hostBelow(root: string, disk: Disk = diskOf(root)): Host {
  const names = namesFor({ root, disk });
  // The tests' steps run what leaves traces.
  return { root, disk, names, run: runProgram, isBelowCommand: () => true };
}

/** Where a disk breaks: before a change, or with a file half in its place. */
export class Crash extends Error {}

/** The same disk until so many changes were made, counted from one; then the power is gone. */
export function failingAt(root: string, change: number, half: boolean): Disk & { changes: number } {
  const disk = diskOf(root);
  const counted = { ...disk, changes: 0 };
  const mutations = [
    "put",
    "sweep",
    "makeFolder",
    "remove",
    "removeFolder",
    "setAccess",
    "setTime",
  ] as const;
  for (const name of mutations) {
    const act = disk[name] as (...args: unknown[]) => unknown;
    Object.assign(counted, {
      [name](...args: unknown[]) {
        if (++counted.changes >= change) {
          if (half && name === "put" && counted.changes === change) {
            const path = String(args[0]);
            const folder = path.slice(0, path.lastIndexOf("/"));
            const fresh = `${root}${folder}/.${path.slice(folder.length + 1)}.postern-new`;
            Deno.writeTextFileSync(fresh, "half");
          }
          throw new Crash(`${name} ${args[0]}`);
        }
        return act(...args);
      },
    });
  }
  return counted;
}
