import { namesIn } from "../linux/directory.ts";
import { SystemError } from "../linux/errno.ts";
import { readLink } from "../linux/proc.ts";
import { type UnixSocket, unixSockets } from "../linux/unix_diag.ts";

/**
 * The sockets that listen, of every network namespace that a process is in: a Postern in a container has one of its own. Throws a
 * SystemError where the kernel does not tell.
 */
export function listeningSockets(): UnixSocket[] {
  const own = unixSockets();
  const others = otherNamespaces().flatMap((namespace) => {
    try {
      return unixSockets(namespace);
    } catch (error) {
      // Its last process has ended since.
      if (!(error instanceof SystemError)) throw error;
      return [];
    }
  });
  return [...own, ...others].filter(({ listens }) => listens);
}

/** One path for each. */
function otherNamespaces(): string[] {
  const found = new Map<string, string>();
  for (const name of namesIn("/proc") ?? []) {
    if (!/^[0-9]+$/.test(name)) continue;
    const path = `/proc/${name}/ns/net`;
    const namespace = readLink(path);
    if (namespace !== undefined && !found.has(namespace)) found.set(namespace, path);
  }
  found.delete(readLink("/proc/self/ns/net") ?? "");
  return [...found.values()];
}
