import template from "./connect.bt" with { type: "text" };

/** A socket's file as the kernel tells it from others. */
export interface FileId {
  /** `s_dev` of its file system: major << 20 | minor (MKDEV, linux/kdev_t.h). */
  readonly device: number;
  readonly inode: bigint;
}

/** Connections to other sockets of the same file systems that are told of in a second, and as many refused ones. */
export const LIMIT = 200;

/** A process that no other is ever: its pid, and when it began, in clock ticks since boot as /proc has it. */
export interface ProcessId {
  readonly pid: number;
  readonly began: string;
}

/** In a clock tick of /proc's (USER_HZ is 100 on all architectures that we run on). */
const TICK_NS = 10_000_000;

/** The bpftrace program for these sockets. `watch` is the pid of who waits for its beginning; nothing is told of `own`. */
export function program(
  sockets: readonly FileId[],
  watch: number,
  own: readonly ProcessId[],
): string {
  const each = sockets.map(({ device, inode }) => `($dev == ${device} && $ino == ${inode})`);
  const devices = [...new Set(sockets.map(({ device }) => device))];
  const began = `curtask->group_leader->start_boottime / ${TICK_NS}`;
  const isOwn = own.map((one) => `(pid == ${one.pid} && ${began} == ${one.began})`);
  const ownPids = own.map(({ pid }) => `$client == ${pid}`);
  const comment = template.indexOf("*/");
  // The comment at the top speaks of the words that are put in below it.
  return template.slice(0, comment) + template.slice(comment)
    .replaceAll("IS_SOCKET", each.join(" || "))
    .replaceAll("IS_DEVICE", devices.map((device) => `$dev == ${device}`).join(" || "))
    // Nobody has the pid 0.
    .replaceAll("IS_OWN", isOwn.join(" || ") || "pid == 0")
    .replaceAll("OWN_PID", ownPids.join(" || ") || "$client == 0")
    .replaceAll("BEGAN", `(uint64)(${began})`)
    .replaceAll("LIMIT", String(LIMIT))
    .replaceAll("WATCH", String(watch));
}
