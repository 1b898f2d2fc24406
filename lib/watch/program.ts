import template from "./connect.bt" with { type: "text" };

/** A socket's file as the kernel tells it from others. */
export interface FileId {
  /** `s_dev` of its file system: major << 20 | minor (MKDEV, linux/kdev_t.h). */
  readonly device: number;
  readonly inode: bigint;
}

/** Connections to other sockets of the same file systems that are told of in a second, and as many refused ones. */
export const LIMIT = 200;

/** The bpftrace program for these sockets. `watch` is the pid of who waits for its beginning. */
export function program(sockets: readonly FileId[], watch: number): string {
  const each = sockets.map(({ device, inode }) => `($dev == ${device} && $ino == ${inode})`);
  const devices = [...new Set(sockets.map(({ device }) => device))];
  const comment = template.indexOf("*/");
  // The comment at the top speaks of the words that are put in below it.
  return template.slice(0, comment) + template.slice(comment)
    .replaceAll("IS_SOCKET", each.join(" || "))
    .replaceAll("IS_DEVICE", devices.map((device) => `$dev == ${device}`).join(" || "))
    .replaceAll("LIMIT", String(LIMIT))
    .replaceAll("WATCH", String(watch));
}
