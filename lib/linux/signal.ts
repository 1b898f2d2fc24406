import { errno, SystemError } from "./errno.ts";
import { libc } from "./libc.ts";

const SIGUSR1 = 10;
const SIGXFSZ = 25;
const SIG_IGN = Deno.UnsafePointer.create(1n);

/**
 * Takes away from Deno the signal for which it opens a debugger: a port on the loopback that asks nobody who he is, and gives
 * everybody this process. The runtime wants the signal half a second after its start; it then finds it registered already,
 * by us, and leaves the kernel's setting, to ignore it (signal(2)), alone. Throws a SystemError.
 */
export function refuseDebugger(): void {
  Deno.addSignalListener("SIGUSR1", () => {});
  // SIG_ERR is -1; what was set before is a handler's address.
  if (libc.signal(SIGUSR1, SIG_IGN) === -1n) throw new SystemError("signal", "SIGUSR1", errno());
}

/**
 * Lets a write beyond the process' file size limit (LimitFSIZE=, setrlimit(2)) fail with EFBIG, as on a full disk, instead of
 * ending the process.
 */
export function ignoreFileSizeSignal(): void {
  libc.signal(SIGXFSZ, SIG_IGN);
}
