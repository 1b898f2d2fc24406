import { dirname } from "node:path";
import { denoFs } from "../config/fs.ts";
import { requireTrustedFolder } from "../config/trust.ts";

/**
 * Whether nobody but root can put a socket at this path: every folder and link on the way to it is root's. Who listens there was
 * made to by root, whoever it is by now: a service with a user of its own, to which systemd hands the socket. We are root.
 */
export function isPlacedByRoot(path: string): boolean {
  let real: string;
  try {
    real = Deno.realPathSync(path);
  } catch {
    return false;
  }
  let trusted = true;
  for (const folder of new Set([dirname(path), dirname(real)])) {
    requireTrustedFolder(denoFs, folder, () => trusted = false);
  }
  return trusted;
}
