/** One rule of audit.rules(7), as it is written or as `auditctl -l` shows it. */
export interface AuditRule {
  readonly text: string;
  /** Where it stands: a file, or "loaded". */
  readonly origin: string;
  /** The path of a watch, `-w`. */
  readonly watch?: string;
  /** `always,exit`, in this order. */
  readonly list?: string;
  /** Names or numbers; none: every call. */
  readonly calls: readonly string[];
  /** `-F` without arch, path, dir and key, and `-C`. */
  readonly fields: readonly string[];
  readonly arch?: string;
  readonly path?: string;
  readonly dir?: string;
  /** `-A`: before those that are there; `-d`: takes away one that is. */
  readonly how?: "prepend" | "delete";
}

const ACTIONS = new Set(["always", "never"]);

/** The rules of a text; comments and settings such as `-b 8192` are left out. */
export function auditRules(text: string, origin: string): AuditRule[] {
  return text.split("\n").flatMap((line) => ruleIn(line.trim(), origin));
}

function ruleIn(text: string, origin: string): AuditRule[] {
  if (!/^-[aAdw]\s/.test(text)) return [];
  const words = text.split(/\s+/);
  const rule: { -readonly [K in keyof AuditRule]: AuditRule[K] } & {
    calls: string[];
    fields: string[];
  } = {
    text,
    origin,
    calls: [],
    fields: [],
  };
  for (let at = 0; at < words.length; at += 2) {
    const value = words[at + 1] ?? "";
    switch (words[at]) {
      case "-w":
        rule.watch = value;
        break;
      case "-a":
      case "-A":
      case "-d":
        if (words[at] !== "-a") rule.how = words[at] === "-A" ? "prepend" : "delete";
        // Both orders are taken (auditctl(8)).
        rule.list = value.split(",").sort((a, b) => Number(ACTIONS.has(b)) - Number(ACTIONS.has(a)))
          .join(",");
        break;
      case "-S":
        rule.calls.push(...value.split(",").filter((name) => name !== "all"));
        break;
      case "-p":
        rule.fields.push(`perm=${value}`);
        break;
      case "-C":
        rule.fields.push(value);
        break;
      case "-F": {
        const [, name, operator, what] = /^([a-z0-9_]+)(!=|>=|<=|&=|[=<>&])(.*)$/.exec(value) ?? [];
        if (operator === "=" && (name === "arch" || name === "path" || name === "dir")) {
          rule[name] = what!;
        } else if (name !== "key") rule.fields.push(value);
      }
    }
  }
  return [rule];
}

/** Rules as the kernel has them when it was given these one after the other (auditctl(8)). */
export function inForce(given: readonly AuditRule[]): AuditRule[] {
  const rules: AuditRule[] = [];
  for (const rule of given) {
    if (rule.how === "prepend") rules.unshift(rule);
    else if (rule.how === undefined) rules.push(rule);
    else {
      const at = rules.findIndex((one) => contentOf(one) === contentOf(rule));
      if (at >= 0) rules.splice(at, 1);
    }
  }
  return rules;
}

function contentOf({ list, calls, fields, arch, path, dir }: AuditRule): string {
  return JSON.stringify([list, calls.toSorted(), fields.toSorted(), arch, path, dir]);
}
