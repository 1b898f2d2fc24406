import { cString } from "./bytes.ts";
import { EEXIST, ENOENT, errno, SystemError } from "./errno.ts";
import { libc } from "./libc.ts";

// The runtime keeps /sys to itself unless it is allowed everything.

/** mkdir(2), for root alone; a folder that is there already stays. Throws a SystemError. */
export function makeFolder(path: string): void {
  if (libc.mkdir(cString(path), 0o700) < 0 && errno() !== EEXIST) {
    throw new SystemError("mkdir", path, errno());
  }
}

/** unlink(2); whether it was there. Throws a SystemError. */
export function removeName(path: string): boolean {
  return removed(libc.unlink(cString(path)), "unlink", path);
}

/** rmdir(2); whether it was there. Throws a SystemError. */
export function removeFolder(path: string): boolean {
  return removed(libc.rmdir(cString(path)), "rmdir", path);
}

function removed(result: number, call: string, path: string): boolean {
  if (result === 0) return true;
  const code = errno();
  if (code === ENOENT) return false;
  throw new SystemError(call, path, code);
}
