import type { CommandStep } from "./part.ts";

/** A command, what takes it back, and what says that nothing is left to do. */
export interface Forms {
  readonly command: readonly string[];
  readonly undo?: readonly string[];
  readonly done?: readonly string[];
}

/** The commands of a step as a manifest keeps them: as the host runs them, and below whatever root is given then. */
export interface KeptForms extends Forms {
  /** Absent: below a root there is nothing to run. `ROOT` stands for the root in them. */
  readonly below?: Forms;
}

/**
 * Stands for the root: no name of a file or of an account holds a NUL. A manifest goes with its tree, which is another folder on
 * another day; on the host that it becomes, anybody may have made a folder by the root's old name.
 */
export const ROOT = "\0";

/** What a manifest keeps of a step: no root is in it. */
export function keptForms({ command, undo, done, ...step }: CommandStep): KeptForms {
  const below = step.below && forms(
    step.below(ROOT),
    step.undoBelow?.(ROOT),
    step.doneBelow?.(ROOT),
  );
  return { ...forms(command, undo, done), ...(below === undefined ? {} : { below }) };
}

/** What is to be run, with "" for the root on the host itself; undefined where that is nothing. */
export function formsAt(
  { command, undo, done, below }: KeptForms,
  root: string,
): Forms | undefined {
  if (root === "") return forms(command, undo, done);
  if (below === undefined) return undefined;
  const at = (words: readonly string[]) => words.map((word) => word.replaceAll(ROOT, () => root));
  return forms(at(below.command), below.undo && at(below.undo), below.done && at(below.done));
}

function forms(
  command: readonly string[],
  undo: readonly string[] | undefined,
  done: readonly string[] | undefined,
): Forms {
  return { command, ...(undo && { undo }), ...(done && { done }) };
}
