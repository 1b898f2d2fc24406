import { dirname } from "node:path";
import type { Check, Facts } from "../facts.ts";
import type { Finding } from "../finding.ts";
import { line } from "../fixes.ts";
import { gateUids } from "../gate_users.ts";
import { realPath } from "../paths.ts";
import { access } from "../wording.ts";

/** Whether only the gate can change its records. */
export const auditFolder: Check = {
  name: "audit-folder",
  group: "postern",
  look(facts) {
    const { host, configured: { config } } = facts;
    if (config?.audit.to !== "file") return [];
    const file = realPath(host, config.audit.path);
    const found = [dirname(file), file].flatMap((path) => lookAt(facts, path));
    return found.length > 0 ? found : [{ level: "fine", title: `only the gate writes ${file}` }];
  },
};

function lookAt(facts: Facts, path: string): Finding[] {
  const { host, accounts } = facts;
  const status = host.status(path);
  if (status === undefined) return [];
  const open = (status.mode & 0o022) !== 0;
  if (!open && gateUids(facts).has(status.uid)) return [];
  return [{
    level: "wrong",
    title: `others than the gate can change its records: ${path}`,
    evidence: [`${path}: ${access(accounts, status)}`],
    fix: [
      open ? line("chmod", "go-w", host.root + path) : line("chown", "root", host.root + path),
    ],
  }];
}
