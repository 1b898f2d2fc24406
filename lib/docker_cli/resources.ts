import type { Flags } from "./flags.ts";
import { keyAndValue } from "./request.ts";
import { bytes, integer, nanoCpus, wrong } from "./units.ts";

/** Flags of limits that `run`, `create` and `update` share. */
export const resourceFlags = {
  text:
    "memory|m memory-swap memory-reservation kernel-memory cpus cpu-shares|c cpu-period cpu-quota " +
    "cpu-rt-period cpu-rt-runtime cpuset-cpus cpuset-mems blkio-weight pids-limit restart",
};

/** The fields of those flags that were given. */
export function resources(flags: Flags): Record<string, unknown> {
  const number = (name: string) => integer(`--${name}`, flags.text(name));
  const size = (name: string) => bytes(`--${name}`, flags.text(name));
  return given({
    CpuShares: number("cpu-shares"),
    Memory: size("memory"),
    NanoCpus: nanoCpus("--cpus", flags.text("cpus")),
    BlkioWeight: number("blkio-weight"),
    CpuPeriod: number("cpu-period"),
    CpuQuota: number("cpu-quota"),
    CpuRealtimePeriod: number("cpu-rt-period"),
    CpuRealtimeRuntime: number("cpu-rt-runtime"),
    CpusetCpus: flags.text("cpuset-cpus"),
    CpusetMems: flags.text("cpuset-mems"),
    KernelMemory: size("kernel-memory"),
    MemoryReservation: size("memory-reservation"),
    MemorySwap: size("memory-swap"),
    PidsLimit: number("pids-limit"),
  });
}

/** `on-failure:3`. */
export function restartPolicy(text: string): Record<string, unknown> {
  const [name, count] = text.split(":", 2) as [string, string?];
  return {
    Name: name,
    ...(count === undefined ? {} : { MaximumRetryCount: integer("--restart", count) }),
  };
}

/** `nofile=1024:2048`; both are the same when one is given. */
export function ulimits(flags: readonly string[]) {
  return flags.map((flag) => {
    const [name, limits] = keyAndValue(flag);
    const [soft, hard] = (limits ?? "").split(":", 2);
    if (limits === undefined || soft === "") throw wrong("--ulimit", "NAME=SOFT[:HARD]", flag);
    return { Name: name, Hard: integer("--ulimit", hard ?? soft), Soft: integer("--ulimit", soft) };
  }).sort((a, b) => a.Name < b.Name ? -1 : 1);
}

/** `--device-read-bps /dev/sda:1mb`. */
export function throttles(flag: string, values: readonly string[], read: typeof bytes) {
  return values.map((value) => {
    const colon = value.lastIndexOf(":");
    if (colon < 1) throw wrong(flag, "DEVICE:RATE", value);
    return { Path: value.slice(0, colon), Rate: read(flag, value.slice(colon + 1)) };
  });
}

/** Without what is undefined, and without empty lists and maps: what nobody asked for is not sent. */
export function given(record: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(record).filter(([, value]) =>
      value !== undefined && value !== false &&
      (typeof value !== "object" || value === null || Object.keys(value).length > 0)
    ),
  );
}
