import { auditFolder } from "./checks/audit_folder.ts";
import { auditRulesCheck } from "./checks/audit_rules.ts";
import { authorization } from "./checks/authorization.ts";
import { confinement } from "./checks/confinement.ts";
import { configuration } from "./checks/configuration.ts";
import { containers } from "./checks/containers.ts";
import { holders } from "./checks/holders.ts";
import { identity } from "./checks/identity.ts";
import { isolation } from "./checks/isolation.ts";
import { kernel } from "./checks/kernel.ts";
import { listeners } from "./checks/listeners.ts";
import { liveRestore } from "./checks/live_restore.ts";
import { mounted } from "./checks/mounted.ts";
import { privileged } from "./checks/privileged.ts";
import { realSocket } from "./checks/real_socket.ts";
import { relays } from "./checks/relays.ts";
import { sandbox } from "./checks/sandbox.ts";
import { socketGroup } from "./checks/socket_group.ts";
import { socketUnit } from "./checks/socket_unit.ts";
import { tcp } from "./checks/tcp.ts";
import { userNamespaces } from "./checks/user_namespaces.ts";
import type { Check, Facts } from "./facts.ts";
import { asRoot, line } from "./fixes.ts";
import type { Finding, Placed } from "./finding.ts";
import { Unreadable } from "./host.ts";
import { visible } from "./wording.ts";

/** In the order of the report. */
export const checks: readonly Check[] = [
  realSocket,
  socketGroup,
  socketUnit,
  holders,
  relays,
  mounted,
  containers,
  tcp,
  authorization,
  userNamespaces,
  isolation,
  privileged,
  liveRestore,
  configuration,
  listeners,
  identity,
  sandbox,
  confinement,
  auditFolder,
  auditRulesCheck,
  kernel,
];

/** What was found, and the checks that were left out below a root. */
export interface Report {
  readonly findings: readonly Placed[];
  readonly leftOut: readonly string[];
}

/** Runs every check. One that cannot read what it needs says so, and keeps none of the others from being run. */
export async function examine(facts: Facts): Promise<Report> {
  const looked = checks.filter(({ live }) => facts.live || live === undefined);
  const findings: Placed[] = [];
  for (const check of looked) {
    const { name, group } = check;
    for (const finding of await look(check, facts)) {
      findings.push({ check: name, group, ...finding, ...safeFix(finding) });
    }
  }
  const leftOut = checks.filter((check) => !looked.includes(check)).map(({ name }) => name);
  return { findings, leftOut };
}

/** Names are others' to choose: one with a line feed in it must not end the comment that it stands in. */
function safeFix({ fix }: Finding): Pick<Finding, "fix"> {
  if (fix === undefined) return {};
  return { fix: fix.map((line) => line.startsWith("#") ? visible(line) : line) };
}

async function look(check: Check, facts: Facts): Promise<readonly Finding[]> {
  try {
    return await check.look(facts);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return [{
      level: "unknown",
      title: `${check.name.replaceAll("-", " ")}: a file cannot be read`,
      evidence: [error.message],
      fix: [facts.host.uid === 0 ? line("ls", "-ld", facts.host.root + error.path) : asRoot(facts)],
    }];
  }
}
