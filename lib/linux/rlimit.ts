import { errno, SystemError } from "./errno.ts";
import { libc } from "./libc.ts";

// The same on both architectures (asm-generic/resource.h).
const RLIMIT_CORE = 4;
const RLIMIT_NOFILE = 7;

// struct rlimit: the soft and the hard limit (getrlimit(2), LP64). Limits hold for a process with all its threads.
const limits = new BigUint64Array(2);
const bytes = new Uint8Array(limits.buffer);

/** Lets the process open as many descriptors as it may; the answer is how many. Throws a SystemError. */
export function raiseDescriptorLimit(): bigint {
  if (libc.getrlimit(RLIMIT_NOFILE, bytes) < 0) {
    throw new SystemError("getrlimit", "NOFILE", errno());
  }
  limits[0] = limits[1]!;
  set(RLIMIT_NOFILE, "NOFILE");
  return limits[0]!;
}

/** No memory of this process is ever written to a core file (core(5)). Throws a SystemError. */
export function forbidCoreFiles(): void {
  limits.fill(0n);
  set(RLIMIT_CORE, "CORE");
}

function set(resource: number, name: string): void {
  if (libc.setrlimit(resource, bytes) < 0) throw new SystemError("setrlimit", name, errno());
}
