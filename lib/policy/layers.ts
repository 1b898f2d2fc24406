import { keysOf } from "./constraints/keys.ts";
import { safeLimits } from "./constraints/safe.ts";
import type { Additions, Constraints, Limits } from "./constraints/types.ts";
import { operationNamed } from "./operations.ts";

type Key = keyof Limits;

/** Limits as somebody wrote them. A key that is there without a value was opened (`memory: any`): it limits nothing. */
export interface Written {
  readonly limits: { readonly [K in Key]?: Limits[K] | undefined };
  /** Of every key in `limits`, `policies/team-ci.yaml:14`. */
  readonly origins: Constraints["origins"];
  readonly set?: Additions;
}

/** `none`: nothing is judged. */
export type Conditions = "none" | Written;

/** What one policy of a line of ancestors says about constraints. */
export interface Layer {
  /** The policy as a whole: nothing is judged. */
  readonly none: boolean;
  /** What it allows itself, rather than through what it extends. */
  readonly allowed: ReadonlySet<string>;
  /** By operation, the least specific first. */
  readonly conditions: ReadonlyMap<string, readonly Conditions[]>;
}

/** What the built-in `full` is to those that extend it. */
export const OPEN: Layer = { none: true, allowed: new Set(), conditions: new Map() };

/** The conditions on an operation where nobody wrote any; undefined where there is nothing to judge. */
export function safeConstraints(operation: string): Constraints | undefined {
  const limits = safeLimits(operation);
  return limits === undefined ? undefined : { limits, origins: {} };
}

/**
 * The conditions on an operation that is allowed, from the eldest ancestor's layer to the policy's own. Safe defaults stand under
 * everything; what an ancestor opened (`none`) stays open until a descendant allows it itself or writes a key, and then
 * has the safe defaults again. What is written about an operation holds for its stricter variants, too.
 */
export function constraintsOn(
  operation: string,
  layers: readonly Layer[],
): Constraints | undefined {
  const safe = safeConstraints(operation);
  const base = operationNamed(operation)?.variantOf;
  let found = safe;
  for (const { none, allowed, conditions } of layers) {
    if (none) found = undefined;
    else if (allowed.has(operation)) found ??= safe;
    const ofBase = base === undefined ? [] : conditions.get(base) ?? [];
    for (const written of [...ofBase, ...conditions.get(operation) ?? []]) {
      found = written === "none" ? undefined : over(found ?? safe, written);
    }
  }
  const judged = found !== undefined &&
    (Object.keys(found.limits).length > 0 || found.set !== undefined);
  return judged ? found : undefined;
}

/** The part of a group's conditions that means something for one of its operations. */
export function conditionsFor(operation: string, written: Conditions): Conditions | undefined {
  if (written === "none") return written;
  const known = new Set<string>(keysOf(operation));
  const keep = ([key]: [string, unknown]) => known.has(key);
  const limits = Object.fromEntries(Object.entries(written.limits).filter(keep));
  if (Object.keys(limits).length === 0) return undefined;
  return { limits, origins: Object.fromEntries(Object.entries(written.origins).filter(keep)) };
}

function over(under: Constraints | undefined, written: Written): Constraints {
  const limits = Object.entries({ ...under?.limits, ...written.limits })
    .filter(([, value]) => value !== undefined);
  const set = additionsOver(under?.set, written.set);
  return {
    limits: Object.fromEntries(limits) as Limits,
    origins: { ...under?.origins, ...written.origins },
    ...(set === undefined ? {} : { set }),
  };
}

function additionsOver(
  under: Additions | undefined,
  written: Additions | undefined,
): Additions | undefined {
  if (under === undefined || written === undefined) return written ?? under;
  const labels = { ...under.labels, ...written.labels };
  return { ...under, ...written, ...(Object.keys(labels).length === 0 ? {} : { labels }) };
}

/** Why what is filled in would be refused by the limits beside it; undefined when it would not. */
export function contradiction({ limits, set = {} }: Constraints): string | undefined {
  for (const key of ["memory", "cpus", "pids"] as const) {
    const [most, added] = [limits[key], set[key]];
    if (most !== undefined && added !== undefined && added > most) {
      return `set fills in ${key}: ${added}, which is more than the ${most} that ${key} allows`;
    }
  }
  return undefined;
}
