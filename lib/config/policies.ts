import { builtinPolicies } from "../policy/builtin.ts";
import { compilePolicy } from "../policy/compile.ts";
import { groups } from "../policy/operations.ts";
import type { Policy } from "../policy/types.ts";
import { suggestion } from "./clients.ts";
import type { Diagnostic } from "./diagnostics.ts";
import type { YamlFile } from "./document.ts";
import { rulesAt } from "./rules.ts";
import type { LoosePolicy } from "./schema.ts";
import { parseName } from "./values.ts";

type Report = (diagnostic: Diagnostic) => void;
type Policies = Record<string, Policy>;

/** A policy file that was read. */
export interface PolicyFile {
  readonly yaml: YamlFile;
  readonly data: LoosePolicy;
}

/** Every policy there is, built-in ones too. */
export interface KnownPolicies {
  readonly policies: Readonly<Policies>;
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
  const compiled: Policies = { ...builtinPolicies };
  const started = new Set<PolicyFile>();
  const entered: string[] = [];

  function compile(name: string, file: PolicyFile): void {
    if (started.has(file)) return;
    started.add(file);
    entered.push(name);
    const base = baseOf(file);
    const policy = compileFile(name, file, base, compiled, report);
    entered.pop();
    if (policy !== undefined && byName.get(name) === file) compiled[name] = policy;
  }

  function baseOf({ yaml, data }: PolicyFile): string | undefined {
    const base = data.extends;
    if (base === undefined || Object.hasOwn(builtinPolicies, base)) return base;
    const file = byName.get(base);
    if (file === undefined) {
      if (!complete) return undefined;
      const message = `unknown policy ${JSON.stringify(base)}`;
      const hint = suggestion(base, known, "policies");
      report(yaml.atValue("unknown-policy", ["extends"], message, hint));
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
    reportUnsupported(file, report);
  }
  return { policies: compiled, names: known };
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
  { yaml, data }: PolicyFile,
  base: string | undefined,
  compiled: Readonly<Policies>,
  report: Report,
): Policy | undefined {
  const allow = rulesAt(yaml, ["allow"], data.allow);
  const deny = rulesAt(yaml, ["deny"], data.deny);
  // A base that has mistakes of its own was reported with them; this file's rules are checked all the same.
  const usable = base !== undefined && Object.hasOwn(compiled, base);
  const result = compilePolicy(
    {
      name,
      ...(usable ? { extends: base } : {}),
      allow: allow.map(({ entry }) => entry),
      deny: deny.map(({ entry }) => entry),
      origin: yaml.label,
    },
    (wanted) => Object.hasOwn(compiled, wanted) ? compiled[wanted] : undefined,
  );
  if ("policy" in result) return result.policy;
  for (const { entry, message, suggestions: near } of result.problems) {
    const whole = entry !== undefined && groups.includes(entry.pattern);
    const suggestions = whole ? [`${entry.pattern}.*`] : near;
    const path = [...allow, ...deny].find((rule) => rule.entry === entry)?.path ?? [];
    const hint = suggestions.length === 0 ? undefined : `did you mean ${suggestions.join(" or ")}`;
    report(yaml.atValue("unknown-operation", path, message, hint));
  }
  return undefined;
}

/** What a file asks for and this version cannot do is refused: ignoring it would let through what it was to stop. */
function reportUnsupported({ yaml, data }: PolicyFile, report: Report): void {
  if (data.mode === "warn") {
    const message = "mode warn is not supported by this version, and enforcing is not what it says";
    report(yaml.atValue("unsupported", ["mode"], message, "remove it, or write mode: enforce"));
  }
  if (data.constraints !== undefined) {
    const message = "constraints are not enforced by this version, and ignoring them is not safe";
    const hint = "remove them, and deny the operations that must not be allowed without them";
    report(yaml.atKey("unsupported", ["constraints"], message, hint));
  }
}
