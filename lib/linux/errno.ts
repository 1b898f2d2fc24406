import { getSystemErrorMap } from "node:util";
import { libc } from "./libc.ts";

export const ENOENT = 2;
export const EINTR = 4;
export const EAGAIN = 11;
export const EACCES = 13;
export const EEXIST = 17;
export const EXDEV = 18;
export const ENFILE = 23;
export const EMFILE = 24;
export const ERANGE = 34;
export const ECONNABORTED = 103;
export const ECONNREFUSED = 111;

// errno is one int a thread, at an address that never changes: one view of it costs no call at all afterwards.
const location = libc.__errno_location();
if (location === null) throw new Error("Cannot find errno: __errno_location returned null");
const cell = new Int32Array(Deno.UnsafePointerView.getArrayBuffer(location, 4));

/** The calling thread's errno (errno(3)). Read it straight after the call that failed: the runtime makes system calls too. */
export function errno(): number {
  return cell[0]!;
}

/** A failed system call: what was tried, on what, and the kernel's answer. */
export class SystemError extends Error {
  readonly errno: number;

  constructor(call: string, subject: string, code: number) {
    super(`${call} ${subject}: ${describeErrno(code)}`);
    this.name = "SystemError";
    this.errno = code;
  }
}

/** `ECONNREFUSED (connection refused)` for 111; `errno 9999` for what the C library does not know. */
export function describeErrno(code: number): string {
  const known = getSystemErrorMap().get(-code);
  return known === undefined ? `errno ${code}` : `${known[0]} (${known[1]})`;
}
