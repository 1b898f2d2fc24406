import { namesIn } from "../linux/directory.ts";
import { statusBehind, statusOf } from "../linux/file.ts";
import { readWholeFile } from "../linux/proc.ts";

/** Where the unified hierarchy is mounted (cgroups(7)); undefined when it is not. */
export function cgroupMount(): string | undefined {
  for (const line of (readWholeFile("/proc/self/mounts") ?? "").split("\n")) {
    const [, at, type] = line.split(" ");
    if (type === "cgroup2") return at;
  }
  return undefined;
}

/** The folder of a cgroup that is named as in /proc/PID/cgroup, `/system.slice/postern.service`, or by its folder. */
export function cgroupFolder(mount: string, path: string): string {
  const folder = path === mount || path.startsWith(`${mount}/`) ? path : `${mount}/${path}`;
  return folder.replace(/\/+/g, "/").replace(/(?<=.)\/$/, "");
}

/** A cgroup's number: the inode of its folder (kernfs). Undefined while there is no such cgroup. */
export function cgroupId(folder: string): bigint | undefined {
  const status = statusBehind(folder);
  return status?.isDirectory === true ? status.inode : undefined;
}

/** How often all cgroups are looked at, at most, in milliseconds. */
const LOOK_MS = 1000;

/** The names of cgroups by their numbers: of a process that is gone, the number is all that is known. */
export class CgroupNames {
  readonly #mount: string | undefined;
  #paths = new Map<bigint, string>();
  #looked = -Infinity;

  constructor(mount = cgroupMount()) {
    this.#mount = mount;
  }

  /** As in /proc/PID/cgroup; undefined when it is gone, too. */
  pathOf(id: bigint, now = performance.now()): string | undefined {
    if (!this.#paths.has(id) && now - this.#looked >= LOOK_MS) {
      this.#looked = now;
      this.#paths = new Map();
      if (this.#mount !== undefined) this.#look(this.#mount, "");
    }
    return this.#paths.get(id);
  }

  #look(folder: string, path: string): void {
    const status = statusOf(folder);
    if (status?.isDirectory !== true) return;
    this.#paths.set(status.inode, path || "/");
    for (const name of namesIn(folder) ?? []) this.#look(`${folder}/${name}`, `${path}/${name}`);
  }
}
