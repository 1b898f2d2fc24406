import { groups, operationNamed, operations } from "./operations.ts";
import { closest, suggestOperations } from "./suggest.ts";
import type { Policy, Verdict } from "./types.ts";

/** One item of an allow or deny list: an operation, `containers.*`, or `*`. */
export interface RuleEntry {
  readonly pattern: string;
  /** Where it was written: `policies/team-ci.yaml:8`. */
  readonly origin: string;
}

/** A policy as written, still in names. */
export interface PolicySource {
  readonly name: string;
  readonly extends?: string;
  readonly allow: readonly RuleEntry[];
  readonly deny: readonly RuleEntry[];
  readonly origin: string;
}

/** What is wrong with one entry, or with `extends` when there is none. */
export interface PolicyProblem {
  readonly entry?: RuleEntry;
  readonly code: "unknown-operation" | "unknown-group" | "unknown-parent";
  readonly message: string;
  readonly suggestions: readonly string[];
}

export type CompiledPolicy =
  | { readonly policy: Policy }
  | { readonly problems: readonly PolicyProblem[] };

/**
 * Compiles a policy to a verdict for every operation: what it extends, or nothing, then what `allow` adds, then what `deny` takes
 * away, which beats every allow. A child can open what its parent merely does not allow, and what a parent's own deny
 * closed stays closed. `containers.*` includes the stricter variants such as containers.list-size, `containers.list` does not.
 */
export function compilePolicy(
  source: PolicySource,
  known: (name: string) => Policy | undefined,
): CompiledPolicy {
  const problems: PolicyProblem[] = [];
  const parent = source.extends === undefined ? undefined : known(source.extends);
  if (source.extends !== undefined && parent === undefined) {
    problems.push({
      code: "unknown-parent",
      message: `there is no policy ${source.extends} to extend`,
      suggestions: [],
    });
  }
  const allow = expandAll(source.allow, problems);
  const deny = expandAll(source.deny, problems);
  if (problems.length > 0) return { problems };

  const verdicts = operations.map(({ name }) =>
    [name, verdictOn(name, parent?.verdicts[name], allow, deny, source)] as const
  );
  return {
    policy: { name: source.name, mode: "enforce", verdicts: Object.fromEntries(verdicts) },
  };
}

function verdictOn(
  name: string,
  inherited: Verdict | undefined,
  allow: ReadonlyMap<string, RuleEntry>,
  deny: ReadonlyMap<string, RuleEntry>,
  source: PolicySource,
): Verdict {
  const denied = deny.get(name);
  if (denied !== undefined) return denial(`${denied.origin} deny ${denied.pattern}`);
  if (inherited?.denied === true) return inherited;
  const allowed = allow.get(name);
  if (allowed !== undefined) {
    return { allow: true, rule: `${allowed.origin} allow ${allowed.pattern}` };
  }
  if (inherited !== undefined) return inherited;
  return { allow: false, rule: source.origin, reason: "it is not among what this policy allows" };
}

function denial(rule: string): Verdict {
  return { allow: false, denied: true, rule, reason: "this policy denies it by name" };
}

/** Operation → the first entry that names it. */
function expandAll(
  entries: readonly RuleEntry[],
  problems: PolicyProblem[],
): Map<string, RuleEntry> {
  const expanded = new Map<string, RuleEntry>();
  for (const entry of entries) {
    for (const name of expand(entry, problems)) {
      if (!expanded.has(name)) expanded.set(name, entry);
    }
  }
  return expanded;
}

function expand(entry: RuleEntry, problems: PolicyProblem[]): string[] {
  const { pattern } = entry;
  if (pattern === "*") return operations.map(({ name }) => name);
  if (pattern.endsWith(".*")) {
    const group = pattern.slice(0, -2);
    const inGroup = operations.filter(({ name }) => name.startsWith(`${group}.`));
    if (inGroup.length > 0) return inGroup.map(({ name }) => name);
    const near = closest(group, groups);
    problems.push({
      entry,
      code: "unknown-group",
      message: `there is no group of operations ${group}`,
      suggestions: near === undefined ? [] : [`${near}.*`],
    });
    return [];
  }
  if (operationNamed(pattern) !== undefined) return [pattern];
  problems.push({
    entry,
    code: "unknown-operation",
    message: `there is no operation ${pattern}`,
    suggestions: suggestOperations(pattern),
  });
  return [];
}
