import {
  bool,
  type Fields,
  int,
  list,
  since,
  string,
  stringMap,
  strings,
  struct,
} from "./shape.ts";

const weight = list(struct({ Path: string, Weight: int }));
const throttle = list(struct({ Path: string, Rate: int }));

export const ulimits = list(struct({ Name: string, Soft: int, Hard: int }));

export const restartPolicy = struct({ Name: string, MaximumRetryCount: int });

/** moby container.Resources: what create and update have in common, with what engines of old took and those of today ignore. */
export const resources: Fields = {
  CpuShares: int,
  Memory: int,
  NanoCpus: since(25, int),
  CgroupParent: string,
  BlkioWeight: int,
  BlkioWeightDevice: weight,
  BlkioDeviceReadBps: throttle,
  BlkioDeviceWriteBps: throttle,
  BlkioDeviceReadIOps: throttle,
  BlkioDeviceWriteIOps: throttle,
  CpuPeriod: int,
  CpuQuota: int,
  CpuRealtimePeriod: since(25, int),
  CpuRealtimeRuntime: since(25, int),
  // docker-py's spelling.
  CPURealtimePeriod: since(25, int),
  CPURealtimeRuntime: since(25, int),
  CpusetCpus: string,
  CpusetMems: string,
  Devices: list(struct({ PathOnHost: string, PathInContainer: string, CgroupPermissions: string })),
  DeviceCgroupRules: since(28, strings),
  DeviceRequests: since(
    40,
    list(struct({
      Driver: string,
      Count: int,
      DeviceIDs: strings,
      Capabilities: list(strings),
      Options: stringMap,
    })),
  ),
  DiskQuota: int,
  KernelMemory: int,
  KernelMemoryTCP: since(40, int),
  MemoryReservation: int,
  MemorySwap: int,
  MemorySwappiness: int,
  OomKillDisable: bool,
  PidsLimit: int,
  Ulimits: ulimits,
  CpuCount: since(25, int),
  CpuPercent: since(25, int),
  IOMaximumIOps: since(25, int),
  IOMaximumBandwidth: since(25, int),
};
