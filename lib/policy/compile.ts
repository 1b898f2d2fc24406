import {
  type Conditions,
  conditionsFor,
  constraintsOn,
  contradiction,
  type Layer,
  OPEN,
} from "./layers.ts";
import { groups, operationNamed, operations } from "./operations.ts";
import { closest, suggestOperations } from "./suggest.ts";
import type { Policy, PolicyLimits, Verdict } from "./types.ts";

/** One item of an allow or deny list: an operation, `containers.*`, or `*`. */
export interface RuleEntry {
  readonly pattern: string;
  /** Where it was written: `policies/team-ci.yaml:8`. */
  readonly origin: string;
}

/** The conditions on an operation, `containers.*`, or `*`. */
export interface ConditionEntry extends RuleEntry {
  readonly conditions: Conditions;
}

/** A policy as written, still in names. */
export interface PolicySource {
  readonly name: string;
  readonly extends?: string;
  readonly mode?: Policy["mode"];
  /** They replace those of the policy that it extends one by one. */
  readonly limits?: PolicyLimits;
  readonly allow: readonly RuleEntry[];
  readonly deny: readonly RuleEntry[];
  /** `none`: nothing is judged. */
  readonly constraints?: "none" | readonly ConditionEntry[];
  readonly origin: string;
}

/** What is wrong with one entry, or with `extends` when there is none. */
export interface PolicyProblem {
  readonly entry?: RuleEntry;
  readonly code:
    | "unknown-operation"
    | "unknown-group"
    | "unknown-parent"
    | "not-allowed"
    | "conflict";
  readonly message: string;
  readonly suggestions: readonly string[];
}

/** A policy, and what those that extend it need to know. */
export interface Ancestor {
  readonly policy: Policy;
  /** What it and its own ancestors say about constraints, the eldest first. */
  readonly layers: readonly Layer[];
}

export type CompiledPolicy = Ancestor | { readonly problems: readonly PolicyProblem[] };

/** A built-in policy as something to extend. */
export function builtinAncestor(policy: Policy): Ancestor {
  return { policy, layers: policy.name === "full" ? [OPEN] : [] };
}

/**
 * Compiles a policy to a verdict for every operation: what it extends, or nothing, then what `allow` adds, then what `deny` takes
 * away, which beats every allow. A child can open what its parent merely does not allow, and what a parent's own deny
 * closed stays closed. `containers.*` includes the stricter variants such as containers.list-size, `containers.list` does not.
 * What is allowed gets its constraints; a child's keys replace its parent's one by one.
 */
export function compilePolicy(
  source: PolicySource,
  known: (name: string) => Ancestor | undefined,
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
  const written = source.constraints ?? [];
  const conditions = written === "none" ? new Map() : expandConditions(written, problems);
  if (problems.length > 0) return { problems };

  const none = written === "none";
  const own: Layer = { none, allowed: new Set(allow.keys()), conditions };
  const layers = [...parent?.layers ?? [], own];
  const verdicts = Object.fromEntries(operations.map(({ name }) => {
    const verdict = verdictOn(name, parent?.policy.verdicts[name], allow, deny, source);
    return [name, verdict.allow ? constrained(name, verdict, layers) : verdict] as const;
  }));
  problems.push(...none ? [] : written.flatMap((entry) => problemsOf(entry, verdicts)));
  if (problems.length > 0) return { problems };
  const mode = source.mode ?? "enforce";
  const limits = { ...parent?.policy.limits, ...source.limits };
  const limited = Object.keys(limits).length === 0 ? {} : { limits };
  return { policy: { name: source.name, mode, verdicts, ...limited }, layers };
}

function constrained(name: string, verdict: Verdict, layers: readonly Layer[]): Verdict {
  const { constraints: _, ...rest } = verdict;
  const constraints = constraintsOn(name, layers);
  return constraints === undefined ? rest : { ...rest, constraints };
}

/** A group may have operations that are not allowed; one that is named was meant to be. */
function problemsOf(
  entry: ConditionEntry,
  verdicts: Readonly<Record<string, Verdict>>,
): PolicyProblem[] {
  const verdict = verdicts[entry.pattern];
  if (verdict === undefined) return [];
  if (!verdict.allow) {
    const message = `${entry.pattern} is not allowed by this policy, so its constraints do nothing`;
    return [{ entry, code: "not-allowed", message, suggestions: [] }];
  }
  const message = verdict.constraints && contradiction(verdict.constraints);
  return message === undefined ? [] : [{ entry, code: "conflict", message, suggestions: [] }];
}

/** Operation → what is written about it, the least specific first. */
function expandConditions(
  entries: readonly ConditionEntry[],
  problems: PolicyProblem[],
): Map<string, Conditions[]> {
  const expanded = new Map<string, Conditions[]>();
  const breadth = ({ pattern }: RuleEntry) => pattern === "*" ? 0 : pattern.endsWith(".*") ? 1 : 2;
  for (const entry of entries.toSorted((a, b) => breadth(a) - breadth(b))) {
    for (const name of expand(entry, problems)) {
      const exact = entry.pattern === name;
      const conditions = exact ? entry.conditions : conditionsFor(name, entry.conditions);
      if (conditions === undefined) continue;
      const earlier = expanded.get(name);
      if (earlier === undefined) expanded.set(name, [conditions]);
      else earlier.push(conditions);
    }
  }
  return expanded;
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
