/** `/docker/ID`, `/pod12/ID`, `/docker-ID.scope`, `/cri-containerd-ID.scope`. */
const ID = /\/(?:[a-z][a-z-]*-)?([0-9a-f]{64})(?:\.scope)?(?=\/|$)/m;

/**
 * The full id of the container that a process runs in, from the text of /proc/PID/cgroup (cgroups(7)): Docker, Podman,
 * containerd and CRI-O all give it a folder that is named after the id. The outermost one counts, since a process may make
 * folders below its own. Undefined outside containers, and where a cgroup namespace hides the path.
 */
export function containerId(cgroup: string): string | undefined {
  return ID.exec(cgroup)?.[1];
}
