import { addressOf, cString } from "./bytes.ts";
import { close, O_DIRECTORY, O_PATH, open } from "./io.ts";
import { libc } from "./libc.ts";

/** The same number everywhere (Linux 5.6). */
const SYS_OPENAT2 = 437n;
const RESOLVE_IN_ROOT = 0x10n;
const O_CLOEXEC = 0o2000000;

/**
 * A descriptor (O_PATH) of what a path means where `root` is the root: links that begin with / and .. stay below it (RESOLVE_IN_ROOT,
 * openat2(2)). /proc/PID/root as `root` gives what a process would find, in its mount namespace. -1 and errno on failure; EXDEV
 * where one of proc's links that jump (/proc/PID/fd/N) stands on the way.
 */
export function openBelow(root: string, path: string): number {
  const folder = open(root, O_PATH | O_DIRECTORY);
  if (folder < 0) return -1;
  // struct open_how: flags, mode, resolve (linux/openat2.h).
  const how = new BigUint64Array([BigInt(O_PATH | O_CLOEXEC), 0n, RESOLVE_IN_ROOT]);
  const name = cString(path);
  const fd = libc.syscallOfFour(
    SYS_OPENAT2,
    BigInt(folder),
    addressOf(name),
    addressOf(how),
    BigInt(how.byteLength),
  );
  close(folder);
  return fd;
}
