import { addressOf } from "./bytes.ts";
import { errno, SystemError } from "./errno.ts";
import { libc } from "./libc.ts";
import { renounceNewPrivileges } from "./prctl.ts";

const X86 = Deno.build.arch === "x86_64";
const SYS_SECCOMP = X86 ? 317n : 277n;
const SYS_EXECVE = X86 ? 59 : 221;
const SYS_EXECVEAT = X86 ? 322 : 281;
// linux/audit.h
const ARCHITECTURE = X86 ? 0xc000003e : 0xc00000b7;
/** Numbers from here on are those of the x32 ABI (asm/unistd.h); arm64 has none so high. */
const X32 = 0x40000000;

const SET_MODE_FILTER = 1n;
const FLAG_TSYNC = 1n;
const ALLOW = 0x7fff0000;
const EPERM = 0x00050001;

// struct seccomp_data: the number of the call, then the architecture.
const NUMBER = 0;
const ARCH = 4;

type Instruction = readonly [code: number, yes: number, no: number, value: number];
const load = (offset: number): Instruction => [0x20, 0, 0, offset];
const ifEqual = (value: number, yes: number, no: number): Instruction => [0x15, yes, no, value];
const ifAtLeast = (value: number, yes: number, no: number): Instruction => [0x35, yes, no, value];
const answer = (value: number): Instruction => [0x06, 0, 0, value];

/** Jumps count the instructions that they leave out. */
const filter: readonly Instruction[] = [
  load(ARCH),
  ifEqual(ARCHITECTURE, 0, 5),
  load(NUMBER),
  ifAtLeast(X32, 3, 0),
  ifEqual(SYS_EXECVE, 2, 0),
  ifEqual(SYS_EXECVEAT, 1, 0),
  answer(ALLOW),
  answer(EPERM),
];

/**
 * No thread of this process, and none that comes, can start another program, or gain a privilege by it: execve(2) answers EPERM.
 * A filter is given to all threads in one step, and with it goes no_new_privs (SECCOMP_FILTER_FLAG_TSYNC, seccomp(2)), which
 * could not be set for other threads in any other way. All other calls are allowed by a list that the kernel keeps ready
 * (Linux 5.11). Throws a SystemError.
 */
export function forbidPrograms(): void {
  renounceNewPrivileges();
  const code = new DataView(new ArrayBuffer(filter.length * 8));
  filter.forEach(([operation, yes, no, value], i) => {
    code.setUint16(i * 8, operation, true);
    code.setUint8(i * 8 + 2, yes);
    code.setUint8(i * 8 + 3, no);
    code.setUint32(i * 8 + 4, value, true);
  });
  // struct sock_fprog: a count, and the address behind it.
  const program = new BigUint64Array([BigInt(filter.length), addressOf(code)]);
  const result = libc.syscall(SYS_SECCOMP, SET_MODE_FILTER, FLAG_TSYNC, addressOf(program));
  if (result < 0) throw new SystemError("seccomp", "for all threads", errno());
  if (result > 0) throw new Error(`Cannot give the filter to thread ${result}: it has another one`);
}
