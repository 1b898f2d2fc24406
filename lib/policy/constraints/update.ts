import type { JsonDocument } from "../../json/value.ts";
import { judgeDevices } from "./devices.ts";
import { isOomProtected, readDevices, readResources, readRestart } from "./engine_container.ts";
import { judgeRestart } from "./environment.ts";
import { denied, fine } from "./finding.ts";
import { allows } from "./patterns.ts";
import { textAt } from "./reading.ts";
import { judgeResources } from "./resources.ts";
import type { Constraints, Limits, Scrutinised, Scrutiny } from "./types.ts";
import { notAllowed } from "./wording.ts";

/**
 * POST /containers/{id}/update: the fields of a HostConfig that engines change, and those that they only read today (Devices,
 * DeviceCgroupRules, CgroupParent).
 */
export function* scrutiniseUpdate(
  { limits }: Constraints,
  _request: Scrutinised,
  { root }: JsonDocument,
): Scrutiny {
  return judgeResources(limits, readResources(root), "update") ??
    judgeRestart(limits, readRestart(root)) ?? judgeParent(limits, textAt(root, "CgroupParent")) ??
    judgeOom(limits, isOomProtected(root)) ?? (yield* judgeDevices(limits, readDevices(root))) ??
    fine;
}

function judgeParent({ cgroup_parents }: Limits, parent: string) {
  return parent === "" || allows(cgroup_parents, parent)
    ? undefined
    : notAllowed("cgroup_parents", cgroup_parents, parent);
}

function judgeOom({ oom_protection }: Limits, isProtected: boolean) {
  if (oom_protection !== false || !isProtected) return undefined;
  return denied("oom_protection", "OomKillDisable is true", "oom_protection: true");
}
