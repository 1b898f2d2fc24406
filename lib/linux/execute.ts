import { addressOf, cString } from "./bytes.ts";
import { errno, SystemError } from "./errno.ts";
import { libc } from "./libc.ts";
import { readWholeFile } from "./proc.ts";

/**
 * Begins this program once more with its own arguments and environment, in the same process: all threads but the calling one end,
 * and every thread that comes has what this one has (execve(2)). Does not return; throws a SystemError when it cannot be done.
 */
export function beginAnew(): never {
  const text = (path: string) => (readWholeFile(path) ?? "").split("\0").slice(0, -1);
  const argumentsOf = vector(text("/proc/self/cmdline"));
  const environment = vector(text("/proc/self/environ"));
  libc.execve(cString("/proc/self/exe"), argumentsOf.bytes, environment.bytes);
  throw new SystemError("execve", "/proc/self/exe", errno());
}

/** A `char *[]` that ends in a null pointer; `kept` are the texts that it points to. */
function vector(
  texts: readonly string[],
): { bytes: Uint8Array<ArrayBuffer>; kept: Uint8Array<ArrayBuffer>[] } {
  const kept = texts.map(cString);
  const addresses = kept.map(addressOf);
  return { bytes: new Uint8Array(new BigUint64Array([...addresses, 0n]).buffer), kept };
}
