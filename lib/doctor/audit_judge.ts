import { dirname } from "node:path";
import type { AuditRule } from "./audit_rule.ts";
import type { Host } from "./host.ts";
import { isUnder, realPath } from "./paths.ts";

/** How a program may connect: `b64 connect`. */
export type Way = "b64 connect" | "b32 connect" | "b32 socketcall";

/** What a rule does about connects to a socket. */
export type Judged =
  | { readonly records: readonly Way[]; readonly only?: string }
  /** It records all but those who have the gate's user, or those of them who run another program than the gate's. */
  | { readonly butGate: readonly Way[]; readonly told: string }
  | { readonly ofGate: readonly Way[] }
  | { readonly ineffective: string }
  /** It is about something else, or adds to another rule. */
  | { readonly other: true }
  /** No rule behind it counts for these, or for those of them who fit; `always`: nor does one before it. */
  | { readonly silences: readonly Way[]; readonly always?: true };

/** Names and numbers of the gate's user, whom a rule may leave out. */
export type Gate = ReadonlySet<string>;

/**
 * What a rule does about connects to the socket at `socket`, a path without links. The kernel follows the links of folders when
 * it takes a rule, and not one in the last name (kernel/audit_watch.c, audit_get_nd).
 */
export function judgeRule(
  host: Pick<Host, "link">,
  rule: AuditRule,
  socket: string,
  gate: Gate,
): Judged {
  const { watch, list, path, dir, calls, fields } = rule;
  const named = (watch ?? path ?? dir)?.replace(/(.)\/+$/, "$1");
  const ways = waysOf(rule);
  // Whoever is excluded has no record, be it with `always` or `never` (audit_filter, kernel/auditfilter.c).
  if (list?.endsWith(",exclude") === true) {
    return excludesCalls(fields) ? { silences: EVERY, always: true } : { other: true };
  }
  if (list === "never,task") return { silences: EVERY, always: true };
  if (list === "never,exit") {
    const reaches = named === undefined || aims(host, named, socket);
    const isOther = fields.some((field) =>
      /^(?:success=0|exit=-.*|saddr_fam=(?!1$).*|perm=.*)$/.test(field)
    );
    // Without an architecture, all that have the call.
    const silent = rule.arch === undefined && ways.length > 0 ? EVERY : ways;
    return reaches && !isOther && silent.length > 0 ? { silences: silent } : { other: true };
  }
  if (named === undefined) {
    // About connects in general: with conditions it is about something else.
    const all = list === "always,exit" && ways.length > 0
      ? limited(rule, ways, gate)
      : { other: true as const };
    return "ineffective" in all || ("records" in all && all.only !== undefined)
      ? { other: true }
      : all;
  }
  if (!aims(host, named, socket)) return { other: true };
  if (watch !== undefined || fields.some((field) => field.startsWith("perm="))) {
    return {
      ineffective: "a watch records who reads, writes or changes a file, and a connect does none " +
        "of these (audit_match_perm)",
    };
  }
  if (list !== "always,exit") {
    return { ineffective: `only always,exit records, and this is ${list}` };
  }
  if (ways.length === 0) {
    return { ineffective: `it records ${calls.join(", ")}, and a client calls connect` };
  }
  if (dir === undefined && kernelPath(host, named) !== socket) {
    return { ineffective: `${named} is a link, which the kernel does not follow: name ${socket}` };
  }
  if (fields.includes("success=0") || fields.some((field) => /^exit=-/.test(field))) {
    return { ineffective: "it records only connects that fail" };
  }
  return limited(rule, ways, gate);
}

const EVERY: readonly Way[] = ["b64 connect", "b32 connect", "b32 socketcall"];

/** Whether records of calls are among those that fields of the list `exclude` keep back: AUDIT_SYSCALL is 1300 (linux/audit.h). */
function excludesCalls(fields: readonly string[]): boolean {
  return fields.every((field) => {
    const [, operator, what] = /^msgtype(!=|>=|<=|=|>|<)(.*)$/.exec(field) ?? [];
    // Who, or by which program: some of those who connect.
    if (what === undefined) return true;
    const type = what.toUpperCase() === "SYSCALL" ? 1300 : Number(what);
    switch (operator) {
      case "=":
        return type === 1300;
      case "!=":
        return type !== 1300;
      default:
        return Number.isNaN(type) ||
          (operator!.endsWith("=") && type === 1300) ||
          (operator!.startsWith(">") ? type < 1300 : type > 1300);
    }
  });
}

/**
 * Fields that leave something out. `uid!=postern` leaves out the gate, and whoever takes its user, which root can do for the real one
 * alone (setresuid(2)): a rule about that user in other programs has to record these. What older versions of auditctl(8) list as
 * `exe=` may have been `exe!=`.
 */
function limited({ fields, origin }: AuditRule, ways: readonly Way[], gate: Gate): Judged {
  const limits = fields.filter((field) => !/^(?:success=1|a0=(?:0x)?3)$/.test(field));
  const isGates = (field: string) => gate.has(/^e?uid!=(.*)$/.exec(field)?.[1] ?? "");
  const isOfGate = (field: string) => gate.has(/^uid=(.*)$/.exec(field)?.[1] ?? "");
  if (limits.length === 1 && isGates(limits[0]!)) return { butGate: ways, told: limits[0]! };
  const other = origin === "loaded" ? /^exe!?=/ : /^exe!=/;
  if (limits.length === 2 && limits.some(isOfGate) && limits.some((field) => other.test(field))) {
    return { ofGate: ways };
  }
  const root = limits.find((field) => /^e?uid!=(?:0|root)$/.test(field));
  if (root !== undefined) {
    return { ineffective: `${root} leaves out root, and most containers connect as root` };
  }
  // Such rules add to others.
  if (limits.some((field) => /^uid=/.test(field))) return { other: true };
  const others = limits;
  if (others.some((field) => /^auid(?:!=(?:unset|-1|4294967295)|>=?\d+)$/.test(field))) {
    const only = `${others.join(" ")} leaves out whoever has no login: services and containers`;
    return { records: ways, only };
  }
  return others.length === 0
    ? { records: ways }
    : { records: ways, only: `it records only where ${others.join(" and ")}` };
}

/** Numbers of connect: 42 on x86-64, 203 on arm64, 362 and 102 for i386, 283 for 32-bit ARM. */
const connects = new Set(["connect", "42", "203", "362", "283"]);

function waysOf({ calls, arch, fields }: AuditRule): Way[] {
  const every = calls.length === 0;
  const wide = arch === undefined || arch === "b64" || arch === "x86_64" || arch === "aarch64";
  if (wide) return every || calls.some((name) => connects.has(name)) ? ["b64 connect"] : [];
  const isConnect = fields.every((field) =>
    !field.startsWith("a0=") || /^a0=(?:0x)?3$/.test(field)
  );
  return [
    ...(every || calls.some((name) => connects.has(name)) ? ["b32 connect" as const] : []),
    ...((every || calls.includes("socketcall") || calls.includes("102")) && isConnect
      ? ["b32 socketcall" as const]
      : []),
  ];
}

/** Whether a rule's path was meant for the socket, whichever links lead there. */
function aims(host: Pick<Host, "link">, named: string, socket: string): boolean {
  const real = realPath(host, named);
  return real === socket || (real !== "/" && isUnder(socket, real));
}

function kernelPath(host: Pick<Host, "link">, path: string): string {
  const folder = realPath(host, dirname(path));
  return `${folder === "/" ? "" : folder}/${path.slice(path.lastIndexOf("/") + 1)}`;
}

/** All rules about a socket, in their order, as one answer. */
export interface Coverage {
  readonly records: ReadonlySet<Way>;
  /** Rules that look as if, and why they are not, a line each. */
  readonly ineffective: readonly string[];
  /** Rules that leave something out. */
  readonly partial: readonly string[];
}

/** What rules record of connects to a socket; of two that fit, the first counts (audit.rules(7)). */
export function coverage(
  host: Pick<Host, "link">,
  rules: readonly AuditRule[],
  socket: string,
  gate: Gate,
): Coverage {
  const records = new Set<Way>();
  const [butGate, ofGate] = [new Map<Way, string>(), new Set<Way>()];
  const silenced = new Map<Way, AuditRule>();
  const ineffective: string[] = [];
  const partial: string[] = [];
  const judged = rules.map((rule) => ({ rule, as: judgeRule(host, rule, socket, gate) }));
  for (const { rule, as } of judged) {
    const told = `${rule.origin}: ${rule.text}`;
    if ("silences" in as) {
      as.silences.forEach((way) => silenced.has(way) || silenced.set(way, rule));
    } else if ("ineffective" in as) {
      ineffective.push(`${told}: ${as.ineffective}`);
    } else if ("other" in as) {
      continue;
    } else {
      const ways = "records" in as ? as.records : "butGate" in as ? as.butGate : as.ofGate;
      const first = ways.flatMap((way) => silenced.get(way) ?? []).at(0);
      if (first !== undefined) {
        ineffective.push(`${told}: it comes behind ${first.text}, which counts first`);
      } else if ("butGate" in as) ways.forEach((way) => butGate.set(way, `${told}: ${as.told}`));
      else if ("ofGate" in as) ways.forEach((way) => ofGate.add(way));
      else if (as.only === undefined) ways.forEach((way) => records.add(way));
      else partial.push(`${told}: ${as.only}`);
    }
  }
  for (const [way, told] of butGate) {
    if (ofGate.has(way)) records.add(way);
    else if (!records.has(way)) {
      partial.push(`${told} leaves out whoever takes that user, as root can (setresuid(2))`);
    }
  }
  // These keep a process, or a record, from being looked at, wherever they stand.
  const off = judged.find(({ as }) => "silences" in as && as.always === true)?.rule;
  if (off !== undefined && records.size > 0) {
    records.clear();
    const who = off.fields.some((field) => !field.startsWith("msgtype"))
      ? "whoever it fits"
      : "any process";
    ineffective.push(`${off.origin}: ${off.text}: nothing is recorded of ${who}`);
  }
  return { records, ineffective, partial };
}
