import { denied } from "./finding.ts";
import type { Judgement } from "./lookups.ts";
import { covers, judgeHostPath } from "./paths.ts";
import { isOpen } from "./patterns.ts";
import type { ContainerSpec } from "./spec.ts";
import type { Limits } from "./types.ts";
import { listWith, notAmong, shown } from "./wording.ts";

export type DeviceSpec = Pick<ContainerSpec, "devices" | "deviceRequests" | "deviceCgroupRules">;

/** Devices by path, by request to a driver, and by rule of the device cgroup. */
export function* judgeDevices(limits: Limits, spec: DeviceSpec): Judgement {
  for (const device of spec.devices) {
    const against = yield* judgeDevicePath(limits, device);
    if (against !== undefined) return against;
  }
  if (limits.device_requests === false && spec.deviceRequests) {
    return denied(
      "device_requests",
      "devices are asked of a driver (gpus)",
      "device_requests: true",
    );
  }
  const [rule] = spec.deviceCgroupRules;
  if (limits.device_cgroup_rules !== false || rule === undefined) return undefined;
  const reason = `the rule ${shown(rule)} opens devices`;
  return denied("device_cgroup_rules", reason, "device_cgroup_rules: true");
}

/** A folder of devices opens all that are in it, so that a pattern has to name it. */
export function* judgeDevicePath(limits: Limits, device: string): Judgement {
  const allowed = limits.devices;
  if (isOpen(allowed)) return undefined;
  return yield* judgeHostPath({
    key: "devices",
    text: device,
    covers: (path) => covers(allowed, path),
    otherwise: () => notAmong(allowed),
    hint: (paths) => listWith("devices", allowed, ...paths),
    asWritten: true,
  });
}
