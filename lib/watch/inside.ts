import { readLink, readSmallFile } from "../linux/proc.ts";
import { containerId } from "../peer/container.ts";

/**
 * Whether a process is in a container, by its pid namespace or by its cgroup's name: with a folder of intercept sockets mounted, it can
 * listen at Postern's names. A process that is gone is in none.
 */
export function isInContainer(pid: number): boolean {
  const namespace = readLink(`/proc/${pid}/ns/pid`);
  if (namespace === undefined) return false;
  return namespace !== readLink("/proc/self/ns/pid") ||
    containerId(readSmallFile(`/proc/${pid}/cgroup`) ?? "") !== undefined;
}

/** Whether a process is in one of these cgroups, named as in /proc/PID/cgroup, or below. */
export function isInCgroup(pid: number, cgroups: readonly string[]): boolean {
  const paths = (readSmallFile(`/proc/${pid}/cgroup`) ?? "").split("\n")
    .map((line) => line.split(":").slice(2).join(":"));
  return cgroups.some((cgroup) =>
    paths.some((path) => path === cgroup || path.startsWith(`${cgroup}/`))
  );
}
