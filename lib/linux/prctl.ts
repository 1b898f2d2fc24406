import { errno, SystemError } from "./errno.ts";
import { libc } from "./libc.ts";

const PR_SET_DUMPABLE = 4;
const PR_SET_NO_NEW_PRIVS = 38;

/**
 * Keeps others of the same user out of the process: no core dump, no ptrace(2), and its files in /proc are root's
 * (PR_SET_DUMPABLE(2const)); what it reads about itself it may still read. A change of ids sets this to what
 * fs.suid_dumpable says, so it must come after. Throws a SystemError.
 */
export function refuseInspection(): void {
  set(PR_SET_DUMPABLE, 0n, "PR_SET_DUMPABLE");
}

/** The calling thread and those that it starts gain nothing by execve(2) any more (PR_SET_NO_NEW_PRIVS(2const)). Throws a SystemError. */
export function renounceNewPrivileges(): void {
  set(PR_SET_NO_NEW_PRIVS, 1n, "PR_SET_NO_NEW_PRIVS");
}

function set(option: number, value: bigint, name: string): void {
  if (libc.prctl(option, value, 0n, 0n, 0n) < 0) throw new SystemError("prctl", name, errno());
}
