import { type Denial, denied } from "./finding.ts";
import type { Resources } from "./spec.ts";
import type { Limits } from "./types.ts";

const MIB = 1024n * 1024n;
const NANO = 1_000_000_000n;
/** In microseconds, where none is given (kernel, sched-bwc.rst). */
const PERIOD = 100_000n;

/** A new container, or a change of one, in which what is left out stays as it is. */
export type Occasion = "create" | "update";

/** Memory, processors and processes: at most what the policy says, and on creation not without a limit. */
export function judgeResources(
  limits: Limits,
  resources: Resources,
  occasion: Occasion,
): Denial | undefined {
  return judgeMemory(limits, resources, occasion) ?? judgeCpus(limits, resources, occasion) ??
    judgePids(limits, resources, occasion);
}

/** 0 is no limit in a new container, and no change in an update; -1 is none in both. */
function judgeMemory({ memory }: Limits, asked: Resources, occasion: Occasion) {
  if (memory === undefined) return undefined;
  const most = whole(memory);
  const own = asked.memory ?? 0n;
  if (own < 0n || (own === 0n && occasion === "create")) {
    return denied("memory", `no limit is asked for; it may be at most ${bytes(most)}`, "");
  }
  if (own > most) {
    return denied("memory", `${bytes(own)} is more than ${bytes(most)}`, `memory: ${own}`);
  }
  const swap = asked.memorySwap ?? 0n;
  if (swap < 0n) {
    return denied("memory", "MemorySwap is without a limit; leave it out", "");
  }
  if (swap <= 2n * most) return undefined;
  const reason = `MemorySwap is ${bytes(swap)}, more than twice ${bytes(most)}`;
  return denied("memory", reason, `memory: ${(swap + 1n) / 2n}`);
}

function judgeCpus({ cpus }: Limits, asked: Resources, occasion: Occasion) {
  if (cpus === undefined) return undefined;
  const most = BigInt(Math.round(cpus * Number(NANO)));
  const { nanoCpus = 0n, cpuQuota = 0n, cpuPeriod = 0n } = asked;
  if (nanoCpus < 0n || cpuQuota < 0n || cpuPeriod < 0n) return unlimitedCpus(cpus);
  // What is left out of an update stays, and a share is made of both.
  if (occasion === "update" && (cpuQuota === 0n) !== (cpuPeriod === 0n)) {
    return denied("cpus", "CpuQuota and CpuPeriod can only be changed together; use --cpus", "");
  }
  if (occasion === "create" && nanoCpus === 0n && cpuQuota === 0n) return unlimitedCpus(cpus);
  const period = cpuPeriod === 0n ? PERIOD : cpuPeriod;
  const share = (cpuQuota * NANO + period - 1n) / period;
  const own = nanoCpus > share ? nanoCpus : share;
  if (own <= most) return undefined;
  const count = Number(own) / Number(NANO);
  return denied("cpus", `${count} processors are more than ${cpus}`, `cpus: ${count}`);
}

function unlimitedCpus(cpus: number): Denial {
  return denied("cpus", `no limit is asked for; it may be at most ${cpus} processors`, "");
}

/** Absent is unlimited in a new container, and no change in an update; 0 and -1 are unlimited in both. */
function judgePids({ pids }: Limits, asked: Resources, occasion: Occasion) {
  if (pids === undefined) return undefined;
  const own = asked.pids;
  if (own === undefined && occasion === "update") return undefined;
  if (own === undefined || own <= 0n) {
    return denied("pids", `no limit is asked for; it may be at most ${pids} processes`, "");
  }
  if (own <= whole(pids)) return undefined;
  return denied("pids", `${own} processes are more than ${pids}`, `pids: ${own}`);
}

function whole(limit: number): bigint {
  return BigInt(Math.floor(limit));
}

function bytes(count: bigint): string {
  return count >= MIB && count % MIB === 0n ? `${count / MIB} MiB` : `${count} bytes`;
}
