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

const IDS = new RegExp(ID, "gm");

/**
 * Whether a process is in a container, from the text of its /proc/PID/cgroup. `own` is that of the asker, who may be in a container
 * himself, and his engine with him: its id is in front of those of all containers there. With another id beside it, whichever is
 * first, nobody knows: a process may name folders below its own as it likes, and a container can be put below another's (`--cgroup-parent`).
 */
export function isInContainer(cgroup: string, id: string, own: string): boolean {
  const mine = idsIn(own);
  return cgroup.split("\n").some((line) => {
    const ids = idsIn(line);
    const others = ids.filter((one) => !mine.includes(one));
    return others.length === 0 ? ids.at(-1) === id : others.length === 1 && others[0] === id;
  });
}

function idsIn(text: string): string[] {
  return [...text.matchAll(IDS)].map(([, id]) => id!);
}
