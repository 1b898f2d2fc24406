import { errno, SystemError } from "./errno.ts";
import { libc } from "./libc.ts";

const X86 = Deno.build.arch === "x86_64";
const SYS_SETRESUID = X86 ? 117n : 147n;
const SYS_SETRESGID = X86 ? 119n : 149n;
const SYS_SETGROUPS = X86 ? 116n : 159n;

/**
 * Gives up the calling thread's identity for good, and that of no other thread: the raw system calls act on one thread,
 * only glibc's wrappers carry them to all (nptl(7)). So a worker can call as another user, as the demo and the tests do.
 * Throws a SystemError when not root.
 */
export function becomeThread(uid: number, gid: number, groups: readonly number[]): void {
  const list = Uint32Array.from(groups);
  const pointer = Deno.UnsafePointer.value(Deno.UnsafePointer.of(list));
  check("setgroups", libc.syscall(SYS_SETGROUPS, BigInt(groups.length), pointer, 0n));
  check("setresgid", libc.syscall(SYS_SETRESGID, BigInt(gid), BigInt(gid), BigInt(gid)));
  check("setresuid", libc.syscall(SYS_SETRESUID, BigInt(uid), BigInt(uid), BigInt(uid)));
}

function check(call: string, result: number): void {
  if (result < 0) throw new SystemError(call, "on this thread", errno());
}
