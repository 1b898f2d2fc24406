import { cString } from "./bytes.ts";
import { libc } from "./libc.ts";
import { readWholeFile } from "./proc.ts";

/** A variable of the process that the runtime may not be allowed to tell (getenv(3)). */
export function variable(name: string): string | undefined {
  const value = libc.getenv(cString(name));
  return value === null ? undefined : Deno.UnsafePointerView.getCString(value);
}

/**
 * Takes variables away from the process (unsetenv(3)), and erases their values where the program was given them, which
 * /proc/PID/environ shows for as long as it runs (proc_pid_environ(5)).
 */
export function forgetEnvironment(isNeeded: (name: string) => boolean): void {
  for (const entry of (readWholeFile("/proc/self/environ") ?? "").split("\0")) {
    const name = entry.slice(0, Math.max(0, entry.indexOf("=")));
    if (name === "" || isNeeded(name)) continue;
    const value = libc.getenv(cString(name));
    if (value === null) continue;
    const length = libc.strlen(value);
    if (length > 0) new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(value, length)).fill(0);
    libc.unsetenv(cString(name));
  }
}
