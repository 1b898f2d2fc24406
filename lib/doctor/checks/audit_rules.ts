import { coverage, type Way } from "../audit_judge.ts";
import { type AuditRule, auditRules, inForce } from "../audit_rule.ts";
import type { Check, Facts } from "../facts.ts";
import { GATE_USER } from "../../harden/names.ts";
import type { Finding } from "../finding.ts";
import { harden, line } from "../fixes.ts";
import { gateUids } from "../gate_users.ts";
import { attempt } from "../processes.ts";

const FOLDER = "/etc/audit/rules.d";

/** Whether the kernel records who connects to the real socket around the gate, and which rules only look as if. */
export const auditRulesCheck: Check = {
  name: "audit-rules",
  group: "audit",
  async look(facts) {
    const files = filesOf(facts);
    const written = inForce(files.flatMap(({ path, text }) => auditRules(text, path)));
    const kernel = facts.live && facts.host.uid === 0 ? await loadedOf(facts) : undefined;
    if (kernel !== undefined && "why" in kernel) return [untold(facts, kernel.why)];
    const findings = facts.doors.flatMap(({ path }) => lookAt(facts, path, written, kernel));
    if (kernel?.enabled === false && findings.every(({ level }) => level === "fine")) {
      return [{
        level: "wrong",
        title: "there are rules, and auditing is switched off in the kernel",
        evidence: ["auditctl -s: enabled 0"],
        fix: ["auditctl -e 1", "systemctl enable --now auditd.service"],
      }];
    }
    const off = kernel === undefined ? switchedOff(files) : undefined;
    if (off !== undefined && findings.every(({ level }) => level === "fine")) {
      return [{
        level: "wrong",
        title: "there are rules, and another line switches auditing off",
        evidence: [off],
        fix: [
          line("sed", "-i", "s/^-e 0/-e 1/", facts.host.root + off.split(":")[0]!),
          ...(facts.live ? ["augenrules --load"] : []),
        ],
      }];
    }
    return findings;
  },
};

/** A file of rules. */
interface RuleFile {
  readonly path: string;
  readonly text: string;
}

interface Loaded {
  readonly rules: readonly AuditRule[];
  readonly enabled: boolean;
}

function lookAt(
  facts: Facts,
  socket: string,
  written: readonly AuditRule[],
  kernel: Loaded | undefined,
): Finding[] {
  const { host } = facts;
  const gate = gateOf(facts);
  const fix = [
    ...(host.list(FOLDER) === undefined
      ? ["# first, auditd is to be installed: apt-get install auditd, or dnf install audit"]
      : []),
    ...harden(facts, "audit"),
  ];
  const inFiles = coverage(host, written, socket, gate);
  const inKernel = kernel && coverage(host, kernel.rules, socket, gate);
  const counts = inKernel ?? inFiles;
  const ineffective = [...new Set([...inFiles.ineffective, ...inKernel?.ineffective ?? []])];
  const missing = waysHere().filter((way) => !counts.records.has(way));
  if (missing.length === 0) {
    const lost = kernel !== undefined && waysHere().some((way) => !inFiles.records.has(way));
    if (!lost) {
      return [{
        level: "fine",
        title: `every connect to ${socket} is recorded` +
          (kernel === undefined ? ", as far as the files say" : ""),
      }];
    }
    return [{
      level: "advice",
      title: `connects to ${socket} are recorded until the next boot`,
      evidence: ["auditctl -l has the rules", `${FOLDER} does not`],
      fix,
    }];
  }
  if (inKernel !== undefined && waysHere().every((way) => inFiles.records.has(way))) {
    return [{
      level: "wrong",
      title: `the rules for ${socket} are written and not loaded`,
      evidence: [`auditctl -l does not have: ${missing.join(", ")}`, ...ineffective],
      fix: ["augenrules --load"],
    }];
  }
  if (counts.records.size > 0) {
    return [{
      level: "wrong",
      title: `some programs can connect to ${socket} without a record`,
      evidence: [
        `not recorded: ${missing.map(explain).join(", ")}`,
        ...ineffective,
        ...counts.partial,
      ],
      fix,
    }];
  }
  if (ineffective.length > 0 || counts.partial.length > 0) {
    return [{
      level: "wrong",
      title: ineffective.length > 0
        ? `audit rules look as if they recorded connects to ${socket}, and do not`
        : `audit rules leave out some of who connects to ${socket}`,
      evidence: [...ineffective, ...counts.partial],
      fix,
    }];
  }
  return [{
    level: "advice",
    title: `nobody records who connects to ${socket}`,
    evidence: [
      ...(kernel === undefined ? [] : ["auditctl -l: no rule is about it"]),
      `${FOLDER}: no rule is about it`,
    ],
    fix,
  }];
}

/** The gate's user, by name and number. Root is not among them: most containers connect as root. */
function gateOf(facts: Facts): Set<string> {
  const { accounts: { users }, own, configured: { config } } = facts;
  const trusted = gateUids(facts);
  const running = own.flatMap(({ uid }) => uid !== undefined && trusted.has(uid) ? uid : []);
  const uids = [config?.runAs?.uid, ...running.filter((uid) => uid !== 0)];
  const found = users.filter(({ name, uid }) => name === GATE_USER || uids.includes(uid));
  const all = [GATE_USER, ...uids, ...found.flatMap(({ name, uid }) => [name, uid])];
  return new Set(all.filter((id) => id !== undefined).map(String));
}

/** socketcall(2) is of i386 alone. */
function waysHere(): Way[] {
  return Deno.build.arch === "x86_64"
    ? ["b64 connect", "b32 connect", "b32 socketcall"]
    : ["b64 connect", "b32 connect"];
}

function explain(way: Way): string {
  return way === "b64 connect"
    ? "programs of 64 bits"
    : way === "b32 connect"
    ? "programs of 32 bits (-F arch=b32 -S connect)"
    : "older programs of 32 bits (-F arch=b32 -S socketcall -F a0=3)";
}

/** The files that augenrules(8) puts together, in their order. */
function filesOf({ host }: Facts): RuleFile[] {
  const names = (host.list(FOLDER) ?? []).filter((name) => name.endsWith(".rules")).sort();
  return names.map((name) => `${FOLDER}/${name}`)
    .map((path) => ({ path, text: host.read(path) ?? "" }));
}

/** The last `-e` counts, wherever it stands (augenrules(8)); where it is 0, its place. */
function switchedOff(files: readonly RuleFile[]): string | undefined {
  const last = files.flatMap(({ path, text }) =>
    [...text.matchAll(/^\s*-e\s+(\d)/gm)]
      .map(([line, value]) => ({ told: `${path}: ${line.trim()}`, value }))
  ).at(-1);
  return last?.value === "0" ? last.told : undefined;
}

/** Undefined where there is no auditctl; why, where the kernel does not answer it. */
async function loadedOf({ host }: Facts): Promise<Loaded | { why: string } | undefined> {
  const list = await host.run("auditctl", ["-l"]);
  if (list === undefined) return undefined;
  const status = await host.run("auditctl", ["-s"]);
  const enabled = /^enabled (\d)/m.exec(status?.stdout ?? "")?.[1];
  if (list.code === 0 && enabled !== undefined) {
    return { rules: auditRules(list.stdout, "loaded"), enabled: enabled !== "0" };
  }
  return {
    why: (list.stderr || status?.stderr || "").trim().split("\n")[0] || "it prints nothing",
  };
}

/** The kernel takes audit rules from the outermost host alone, and tells them to it. */
function untold({ host }: Facts, why: string): Finding {
  const container = attempt(() => host.read("/run/systemd/container"))?.trim();
  return {
    level: "unknown",
    title: "whether connects to the real socket are recorded: the kernel does not tell its rules",
    evidence: [
      `auditctl -l: ${why}`,
      ...(container ? [`this host is a container itself (${container})`] : []),
    ],
    fix: [
      container
        ? "# look at the outermost host, which alone can load rules"
        : "# the kernel needs audit (CONFIG_AUDITSYSCALL), and doctor the capability CAP_AUDIT_CONTROL",
    ],
  };
}
