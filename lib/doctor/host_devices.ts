import type { HostConfig } from "./engine_answers.ts";
import type { Reach } from "./host_mounts.ts";

/** Disks, in whole or in part, and memory: their files' rights do not hold for whoever reads these themselves. */
const decisive = new RegExp(
  "^/dev(?:$|/(?:(?:block|bsg|disk|mapper|raw)(?:/|$)|(?:sd|hd|vd|xvd)[a-z]|(?:dm-|loop|md|mmcblk|nbd|nvme|pmem|sg|sr|zd)" +
    "\\d|k?mem$|port$|loop-control$|btrfs-control$))",
);

/** Judges the devices of the host that a container is given. */
export function devicesOfHost(
  { Devices, DeviceCgroupRules, CapAdd, CapDrop }: HostConfig,
): Reach {
  const [takes, less]: [string[], string[]] = [[], []];
  for (const path of Devices) {
    if (decisive.test(path)) takes.push(`--device ${path}: it holds the host's files, or memory`);
    else less.push(`--device ${path}`);
  }
  const is = (list: readonly string[], ...names: string[]) =>
    list.some((one) => names.includes(one.toUpperCase().replace(/^CAP_/, "")));
  // Everybody has this capability who is not denied it.
  const makes = !is(CapDrop, "MKNOD", "ALL") || is(CapAdd, "MKNOD", "ALL");
  for (const rule of DeviceCgroupRules) {
    const told = `--device-cgroup-rule '${rule}'`;
    if (makes && /^[ab]\b/.test(rule)) {
      takes.push(`${told}: it makes itself the host's disks (mknod(2))`);
    } else less.push(told);
  }
  return { takes, less };
}
