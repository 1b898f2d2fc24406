import { readLink, readSmallFile } from "../linux/proc.ts";
import type { SourceName } from "./source.ts";

/** What stands in the way of each source; absent: nothing. */
export type Obstacles = Readonly<Partial<Record<SourceName, string>>>;

/** The source that is wanted, or eBPF where it works and else the audit log; or why there is none, and what would help. */
export function chooseSource(
  wanted: SourceName | undefined,
  obstacles: Obstacles,
): { readonly source: SourceName } | { readonly why: string } {
  const order: readonly SourceName[] = wanted === undefined ? ["ebpf", "audit"] : [wanted];
  const source = order.find((name) => obstacles[name] === undefined);
  if (source !== undefined) return { source };
  return { why: order.map((name) => `${name}: ${obstacles[name]}`).join("\n") };
}

/** The host's pid namespace has this number on every machine (PROC_PID_INIT_INO, linux/proc_ns.h). */
const HOST_PIDS = "pid:[4026531836]";
const TRACEFS = ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"];

/** Why bpftrace cannot tell of connections here, or undefined. */
export function ebpfObstacle(uid: number | null, installed: boolean): string | undefined {
  if (uid !== 0) return "only root may load eBPF programs";
  if (readLink("/proc/self/ns/pid") !== HOST_PIDS) {
    return "this is a container's pid namespace, and the kernel tells the host's pids: run it on the host";
  }
  if (!installed) return "bpftrace is not installed (apt-get install bpftrace)";
  const probe = "events/syscalls/sys_exit_connect/id";
  if (!TRACEFS.some((folder) => readSmallFile(`${folder}/${probe}`) !== undefined)) {
    return "there are no tracepoints of system calls: mount -t tracefs tracefs /sys/kernel/tracing, " +
      "or the kernel lacks CONFIG_FTRACE_SYSCALLS";
  }
  if (readSmallFile("/sys/kernel/btf/vmlinux") === undefined) {
    return "the kernel does not describe itself: /sys/kernel/btf/vmlinux is not there (CONFIG_DEBUG_INFO_BTF)";
  }
  return undefined;
}

/** Why the audit log cannot tell of connections here, or undefined; `rules` is what `auditctl -l` said. */
export function auditObstacle(
  log: string,
  readable: boolean,
  rules: string | undefined,
  key: string,
): string | undefined {
  if (!readable) {
    return `${log} cannot be read: as root, apt-get install auditd, then postern harden apply --only audit`;
  }
  if (rules !== undefined && new RegExp(`key=${key}$`, "m").test(rules)) return undefined;
  return `auditctl -l lists no rule with the key ${key}: postern harden apply --only audit`;
}
