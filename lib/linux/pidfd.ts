import { libc } from "./libc.ts";

const SYS_PIDFD_OPEN = 434n;

/** A descriptor of the process that has this pid now, readable at its end (pidfd_open(2)); undefined when there is none. */
export function openPidfd(pid: number): number | undefined {
  const fd = libc.syscall(SYS_PIDFD_OPEN, BigInt(pid), 0n, 0n);
  return fd < 0 ? undefined : fd;
}
