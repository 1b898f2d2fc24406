import type { Disk } from "./disk.ts";
import type { NameService } from "../config/types.ts";
import type { Manifest } from "./manifest.ts";
import type { PartName, PartPlan } from "./part.ts";

/** What a program of the host's answered; undefined when it is not installed. */
export type Run = (
  program: string,
  args: readonly string[],
) => Promise<
  { readonly code: number; readonly stdout: string; readonly stderr: string } | undefined
>;

/** Where the hardening happens: everything that it reads and changes. */
export interface Host {
  /** "" for this host. */
  readonly root: string;
  readonly disk: Disk;
  readonly names: Pick<NameService, "uidOf" | "gidOf">;
  readonly run: Run;
  /** Whether a command in the manifest of a tree may be run, `ROOT` standing for the root. On this host itself it is root's word. */
  readonly isBelowCommand: (words: readonly string[]) => boolean;
}

/** A part, and what it wants of this host. */
export interface Planned {
  readonly part: PartName;
  readonly summary: string;
  readonly plan: PartPlan;
}

/** Whether a command says that nothing is left to do. One that is not installed has not been run. */
export async function isDone(run: Run, command: readonly string[] | undefined): Promise<boolean> {
  if (command === undefined) return false;
  const [program, ...args] = command;
  return (await run(program!, args))?.code === 0;
}

/** What the manifest holds of parts that were asked for. */
export function entriesOf(manifest: Manifest | undefined, parts: ReadonlySet<PartName>) {
  return manifest?.entries.filter(({ part }) => parts.has(part)) ?? [];
}
