import { denied } from "./finding.ts";
import type { Judgement } from "./lookups.ts";
import { allows, isOpen } from "./patterns.ts";
import type { Limits } from "./types.ts";
import { listWith, notAmong, shown } from "./wording.ts";

/** What every container has without asking (moby oci/caps DefaultCapabilities): asking for them, after dropping all, adds nothing. */
const DEFAULT = new Set([
  "CHOWN",
  "DAC_OVERRIDE",
  "FSETID",
  "FOWNER",
  "MKNOD",
  "NET_RAW",
  "SETGID",
  "SETUID",
  "SETFCAP",
  "SETPCAP",
  "NET_BIND_SERVICE",
  "SYS_CHROOT",
  "KILL",
  "AUDIT_WRITE",
]);

/** Capabilities beyond the engine's own, in any spelling: `sys_admin`, `CAP_SYS_ADMIN`, `ALL`. */
// deno-lint-ignore require-yield
export function* judgeCapabilities(limits: Limits, asked: readonly string[]): Judgement {
  const allowed = limits.capabilities;
  if (isOpen(allowed)) return undefined;
  for (const written of asked) {
    const capability = written.toUpperCase().replace(/^CAP_/, "");
    if (DEFAULT.has(capability) || allows(allowed, capability)) continue;
    const reason = `${shown(capability)} ${notAmong(allowed)}`;
    return denied("capabilities", reason, listWith("capabilities", allowed, capability));
  }
  return undefined;
}
