import assert from "node:assert/strict";
import { applyEdits } from "../../../../lib/json/edit.ts";
import type { Additions, Finding, Limits } from "../../../../lib/policy/constraints/types.ts";
import { look as lookInto, type World } from "./run.ts";

/** What there is to be asked for: objects by the names that they answer to, and where paths lead. */
export interface Surroundings {
  readonly container?: World;
  readonly volume?: World;
  readonly network?: World;
  readonly path?: World;
}

/** A request with a body, by default to create a container, under the safe defaults but for what is given. */
export interface Trial {
  readonly path?: string;
  readonly body: unknown;
  readonly limits?: Limits;
  readonly set?: Additions;
  readonly surroundings?: Surroundings;
}

export function look(trial: Trial): Finding {
  const { path = "/containers/create", body, limits, surroundings = {}, set } = trial;
  const world = Object.entries(surroundings).flatMap(([kind, objects]) =>
    Object.entries(objects as World).map(([name, told]) => [`${kind} ${name}`, told] as const)
  );
  return lookInto({ path, body }, limits, Object.fromEntries(world), set).finding;
}

/** The key that denies it, or the status where none does; `fine` when nothing is against it. */
export function verdict(trial: Trial): string {
  const finding = look(trial);
  return finding.ok ? "fine" : finding.constraint ?? `${finding.status}`;
}

/** The body as it goes to the engine. */
export function forwarded(trial: Trial): string {
  const finding = look(trial);
  assert.ok(finding.ok, JSON.stringify(finding));
  if (finding.document !== undefined) return applyEdits(finding.document, finding.edits);
  return typeof trial.body === "string" ? trial.body : JSON.stringify(trial.body);
}
