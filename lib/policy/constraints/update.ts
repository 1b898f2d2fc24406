import type { JsonDocument } from "../../json/value.ts";
import { judgeDevices } from "./devices.ts";
import { isOomProtected, readDevices, readResources, readRestart } from "./engine_container.ts";
import { judgeRestart } from "./environment.ts";
import { fine } from "./finding.ts";
import { textAt } from "./reading.ts";
import { judgeResources } from "./resources.ts";
import { judgeCgroups, judgeOutOfMemory } from "./security.ts";
import type { Constraints, Scrutinised, Scrutiny } from "./types.ts";

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
    judgeRestart(limits, readRestart(root)) ?? judgeCgroups(limits, textAt(root, "CgroupParent")) ??
    judgeOutOfMemory(limits, isOomProtected(root)) ??
    (yield* judgeDevices(limits, readDevices(root))) ??
    fine;
}
