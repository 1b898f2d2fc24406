import { dirname } from "node:path";
import type { AuditRule } from "./audit_rule.ts";
import type { Host } from "./host.ts";
import { isUnder, realPath } from "./paths.ts";

/** How a program may connect: `b64 connect`. */
export type Way = "b64 connect" | "b32 connect" | "b32 socketcall";

/** What a rule does about connects to a socket. */
export type Judged =
  | { readonly records: readonly Way[]; readonly only?: string }
  | { readonly ineffective: string }
  /** It is about something else, or adds to another rule. */
  | { readonly other: true }
  /** No rule behind it counts for these. */
  | { readonly silences: readonly Way[] };

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
  if (list?.startsWith("never,") === true) {
    const reaches = named === undefined || aims(host, named, socket);
    const all = list === "never,task" && fields.length === 0;
    if (all) return { silences: ["b64 connect", "b32 connect", "b32 socketcall"] };
    const broad = list === "never,exit" && fields.length === 0 && reaches;
    return broad && ways.length > 0 ? { silences: ways } : { other: true };
  }
  if (named === undefined) {
    // About connects in general: with conditions it is about something else.
    const all = list === "always,exit" && ways.length > 0 ? limited(ways, fields, gate) : undefined;
    return all === undefined || !("records" in all) || all.only !== undefined
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
  return limited(ways, fields, gate);
}

/** Fields that leave something out. `uid!=postern` leaves out the gate; its counterpart records who became that user. */
function limited(ways: readonly Way[], fields: readonly string[], gate: Gate): Judged {
  const limits = fields.filter((field) => !/^(?:success=1|a0=(?:0x)?3)$/.test(field));
  const isGates = (field: string) => gate.has(/^e?uid!=(.*)$/.exec(field)?.[1] ?? "");
  const root = limits.find((field) => /^e?uid!=(?:0|root)$/.test(field));
  if (root !== undefined) {
    return { ineffective: `${root} leaves out root, and most containers connect as root` };
  }
  const others = limits.filter((field) => !isGates(field));
  if (others.some((field) => /^uid=/.test(field))) return { other: true };
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
  const silenced = new Map<Way, AuditRule>();
  const ineffective: string[] = [];
  const partial: string[] = [];
  for (const rule of rules) {
    const judged = judgeRule(host, rule, socket, gate);
    const told = `${rule.origin}: ${rule.text}`;
    if ("silences" in judged) {
      judged.silences.forEach((way) => silenced.has(way) || silenced.set(way, rule));
    } else if ("ineffective" in judged) {
      ineffective.push(`${told}: ${judged.ineffective}`);
    } else if ("records" in judged) {
      const first = judged.records.flatMap((way) => silenced.get(way) ?? []).at(0);
      if (first !== undefined) {
        ineffective.push(`${told}: it comes behind ${first.text}, which counts first`);
      } else if (judged.only === undefined) judged.records.forEach((way) => records.add(way));
      else partial.push(`${told}: ${judged.only}`);
    }
  }
  // never,task keeps a process from being looked at, wherever it stands.
  const off = rules.find(({ list, fields }) => list === "never,task" && fields.length === 0);
  if (off !== undefined && records.size > 0) {
    records.clear();
    ineffective.push(`${off.origin}: ${off.text}: nothing is recorded of any process`);
  }
  return { records, ineffective, partial };
}
