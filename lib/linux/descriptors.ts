import { libc } from "./libc.ts";

/** Calls from 424 on have the same number everywhere (Linux 5.11). */
const SYS_CLOSE_RANGE = 436n;
const CLOSE_RANGE_CLOEXEC = 4n;
const FIRST_AFTER_STANDARD = 3n;
const LAST = 0xffffffffn;

/**
 * Marks every open descriptor but the standard three close-on-exec: the runtime's, and those that a parent left open, too
 * (close_range(2)). Our own are born so. Older kernels leave them as they are.
 */
export function markCloseOnExec(): void {
  libc.syscall(SYS_CLOSE_RANGE, FIRST_AFTER_STANDARD, LAST, CLOSE_RANGE_CLOEXEC);
}
