import { errno, SystemError } from "./errno.ts";
import { libc } from "./libc.ts";

/** What a process is allowed as: one user, one group, and the supplementary groups. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

/**
 * Gives up the identity of all threads for good, in real, effective and saved ids, by glibc's wrappers, which carry the calls to
 * every thread (nptl(7)). Groups go first: without root they cannot be set any more. When the last of the user ids that is 0 goes,
 * the kernel takes the permitted, effective and ambient capabilities with it (capabilities(7)). Throws a SystemError.
 */
export function becomeProcess({ uid, gid, groups }: Identity): void {
  const list = Uint32Array.from(groups);
  const bytes = new Uint8Array(list.buffer);
  check("setgroups", groups.join(" "), libc.setgroups(list.length, bytes));
  check("setresgid", String(gid), libc.setresgid(gid, gid, gid));
  check("setresuid", String(uid), libc.setresuid(uid, uid, uid));
}

function check(call: string, subject: string, result: number): void {
  if (result < 0) throw new SystemError(call, subject, errno());
}
