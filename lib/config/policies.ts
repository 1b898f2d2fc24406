import { builtinPolicies } from "../policy/builtin.ts";
import {
  type Ancestor,
  builtinAncestor,
  compilePolicy,
  type PolicyProblem,
} from "../policy/compile.ts";
import { groups } from "../policy/operations.ts";
import type { Policy } from "../policy/types.ts";
import { constraintsAt } from "./constraints/read.ts";
import type { Diagnostic, DiagnosticCode } from "./diagnostics.ts";
import type { YamlFile } from "./document.ts";
import { limitsAt } from "./limits.ts";
import { policyHint } from "./presets.ts";
import { rulesAt } from "./rules.ts";
import type { LoosePolicy } from "./schema.ts";
import { parseName } from "./values.ts";

type Report = (diagnostic: Diagnostic) => void;

/** A policy file that was read. */
export interface PolicyFile {
  readonly yaml: YamlFile;
  readonly data: LoosePolicy;
  readonly preset?: true;
}

/** Every policy there is, built-in ones too. */
export interface KnownPolicies {
  readonly policies: Readonly<Record<string, Policy>>;
  /** Those with mistakes too, so that naming one is not a mistake of its own. */
  readonly names: readonly string[];
}

/**
 * Compiles policy files, each after the one it extends. When not all files could be read (`complete` is false), an unknown
 * name is not reported: it may stand in one of the others.
 */
export function compilePolicies(
  files: readonly PolicyFile[],
  complete: boolean,
  report: Report,
): KnownPolicies {
  const byName = nameFiles(files, report);
  const known = [...Object.keys(builtinPolicies), ...byName.keys()];
  const compiled = new Map<string, Ancestor>(
    Object.values(builtinPolicies).map((policy) => [policy.name, builtinAncestor(policy)]),
  );
  const started = new Set<PolicyFile>();
  const entered: string[] = [];

  function compile(name: string, file: PolicyFile): void {
    if (started.has(file)) return;
    started.add(file);
    entered.push(name);
    const base = baseOf(file);
    const policy = compileFile(name, file, base, compiled, report);
    entered.pop();
    if (policy !== undefined && byName.get(name) === file) compiled.set(name, policy);
  }

  function baseOf({ yaml, data }: PolicyFile): string | undefined {
    const base = data.extends;
    if (base === undefined || Object.hasOwn(builtinPolicies, base)) return base;
    const file = byName.get(base);
    if (file === undefined) {
      if (!complete) return undefined;
      const message = `unknown policy ${JSON.stringify(base)}`;
      report(yaml.atValue("unknown-policy", ["extends"], message, policyHint(base, known)));
    } else if (entered.includes(base)) {
      const circle = [...entered.slice(entered.indexOf(base)), base].join(" → ");
      const message = `policies extend each other in a circle: ${circle}`;
      report(yaml.atValue("extends-cycle", ["extends"], message));
    } else {
      compile(base, file);
      return base;
    }
    return undefined;
  }

  for (const file of files) {
    // One whose name cannot be used is compiled for its other mistakes.
    compile(file.data.name ?? file.yaml.label, file);
  }
  const policies = Object.fromEntries([...compiled].map(([name, { policy }]) => [name, policy]));
  return { policies, names: known };
}

function nameFiles(
  files: readonly PolicyFile[],
  report: Report,
): Map<string, PolicyFile> {
  const byName = new Map<string, PolicyFile>();
  for (const file of files) {
    const { yaml, data: { name } } = file;
    if (name === undefined) continue;
    const parsed = parseName(name);
    const earlier = byName.get(name);
    if ("problem" in parsed) report(yaml.atValue("bad-name", ["name"], `name ${parsed.problem}`));
    else if (Object.hasOwn(builtinPolicies, name)) {
      const message = `${name} is a built-in policy, and a file cannot change it`;
      const hint = `choose another name, and start from the built-in one with extends: ${name}`;
      report(yaml.atValue("duplicate-policy", ["name"], message, hint));
    } else if (earlier !== undefined) {
      const message = `a policy named ${name} stands at ${earlier.yaml.origin(["name"])} already`;
      report(yaml.atValue("duplicate-policy", ["name"], message));
    } else byName.set(name, file);
  }
  return byName;
}

function compileFile(
  name: string,
  { yaml, data, preset }: PolicyFile,
  base: string | undefined,
  compiled: ReadonlyMap<string, Ancestor>,
  report: Report,
): Ancestor | undefined {
  const allow = rulesAt(yaml, ["allow"], data.allow);
  const deny = rulesAt(yaml, ["deny"], data.deny);
  const constraints = constraintsAt(yaml, data.constraints, report);
  // A base that has mistakes of its own was reported with them; this file's rules are checked all the same.
  const usable = base !== undefined && compiled.has(base);
  const result = compilePolicy(
    {
      name,
      ...(usable ? { extends: base } : {}),
      mode: data.mode ?? "enforce",
      limits: limitsAt(yaml, data.limits, report),
      allow: allow.map(({ entry }) => entry),
      deny: deny.map(({ entry }) => entry),
      constraints: constraints === "none" ? constraints : constraints.map(({ entry }) => entry),
      origin: yaml.label,
    },
    (wanted) => compiled.get(wanted),
  );
  if ("policy" in result) {
    return preset === true ? { ...result, policy: { ...result.policy, preset } } : result;
  }
  const placed = [...allow, ...deny, ...constraints === "none" ? [] : constraints];
  for (const { entry, code, message, suggestions: near } of result.problems) {
    // It may be allowed by the base that has mistakes.
    if (code === "not-allowed" && data.extends !== undefined && !usable) continue;
    const whole = entry !== undefined && groups.includes(entry.pattern);
    const suggestions = whole ? [`${entry.pattern}.*`] : near;
    const path = placed.find((rule) => rule.entry === entry)?.path ?? [];
    const hint = suggestions.length === 0 ? undefined : `did you mean ${suggestions.join(" or ")}`;
    const diagnostic = diagnosticCode(code);
    report(
      entry !== undefined && "conditions" in entry
        ? yaml.atKey(diagnostic, path, message, hint ?? hintFor(code, entry.pattern))
        : yaml.atValue(diagnostic, path, message, hint),
    );
  }
  return undefined;
}

function diagnosticCode(code: PolicyProblem["code"]): DiagnosticCode {
  return code === "not-allowed" || code === "conflict" ? code : "unknown-operation";
}

function hintFor(code: PolicyProblem["code"], operation: string): string | undefined {
  return code === "not-allowed" ? `remove them, or add "allow: [${operation}]"` : undefined;
}
