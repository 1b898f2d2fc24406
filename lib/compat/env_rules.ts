/** What an image with HAProxy in it opens by variables of the environment, as the rules of its haproxy.cfg. */

/** One `http-request` line. Patterns are matched against the decoded path, anywhere behind their own `^`, in letters of either case. */
export type EnvRule =
  /** `allow if { path … } { env(variable) -m bool }` */
  | { readonly kind: "allow"; readonly variable: string; readonly pattern: RegExp }
  /** `deny if { path … } !{ env(variable) -m bool }` */
  | { readonly kind: "require"; readonly variable: string; readonly pattern: RegExp }
  /** `deny unless METH_GET || { env(variable) -m bool }`: METH_GET is GET and HEAD. */
  | { readonly kind: "require-for-writes"; readonly variable: string };

/** The rules of an image, and the variables that it sets itself. */
export interface Flavour {
  readonly name: string;
  /** In the order in which they are tried: the first that applies decides, and where none does it is a denial. */
  readonly rules: readonly EnvRule[];
  /** Variables that are on when nothing is said about them; all others are off. */
  readonly onByDefault: readonly string[];
}

/** An allow with the variable that made it, or a denial with the fewest variables that would have to be on. */
export type EnvDecision =
  | { readonly allow: true; readonly variable: string }
  | { readonly allow: false; readonly missing: readonly string[] };

/** `env(NAME) -m bool` of HAProxy: the text is read as a whole number, as far as it is one (`read_int64`), and true is not 0. */
export function isOn(text: string | undefined): boolean {
  const digits = /^[+-]?([0-9]+)/.exec(text ?? "")?.[1];
  return digits !== undefined && /[1-9]/.test(digits);
}

/** The variables that are on: by the image's own setting, or by the environment. */
export function variablesOn(
  { rules, onByDefault }: Flavour,
  env: Readonly<Record<string, string | undefined>>,
): Set<string> {
  const byDefault = (name: string) => onByDefault.includes(name) ? "1" : "0";
  return new Set(
    rules.map(({ variable }) => variable).filter((name) => isOn(env[name] ?? byDefault(name))),
  );
}

/** What the rules make of a request; `path` is decoded and without its query. */
export function decideByRules(
  rules: readonly EnvRule[],
  on: ReadonlySet<string>,
  method: string,
  path: string,
): EnvDecision {
  const reads = method === "GET" || method === "HEAD";
  const required: string[] = [];
  let best: readonly string[] | undefined;
  for (const rule of rules) {
    const { variable } = rule;
    if (rule.kind === "require-for-writes") {
      if (!reads && !on.has(variable)) required.push(variable);
      continue;
    }
    if (!rule.pattern.test(path)) continue;
    if (rule.kind === "require") {
      if (!on.has(variable)) required.push(variable);
      continue;
    }
    const missing = on.has(variable) ? [...required] : [...required, variable];
    if (missing.length === 0) return { allow: true, variable };
    if (best === undefined || missing.length < best.length) best = missing;
  }
  return { allow: false, missing: best ?? [] };
}

/** A path under an optional version, as all of these images write it. */
export function under(rest: string): RegExp {
  return new RegExp(`^(/v[\\d.]+)?${rest}`, "i");
}
