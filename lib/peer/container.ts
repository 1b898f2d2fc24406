/**
 * The full id of the container that a process runs in, from the text of /proc/PID/cgroup (cgroups(7)): Docker, Podman,
 * containerd and CRI-O all put the 64 hexadecimal digits into the path. Undefined outside containers, and where a cgroup namespace hides the path.
 */
export function containerId(cgroup: string): string | undefined {
  const ids = cgroup.match(/(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/g);
  return ids?.at(-1);
}
