import { statusBehind } from "../linux/file.ts";
import { openKernfs } from "../linux/file_handle.ts";
import { close, O_RDONLY, open } from "../linux/io.ts";
import { readLink, readWholeFile } from "../linux/proc.ts";

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

/** A cgroup's name by its number, as in /proc/PID/cgroup; undefined when it is gone. Of a process that has ended, the number is all that is known. */
export function cgroupPath(mount: string, id: bigint): string | undefined {
  const root = open(mount, O_RDONLY);
  if (root < 0) return undefined;
  const fd = openKernfs(root, id);
  close(root);
  if (fd < 0) return undefined;
  const path = readLink(`/proc/self/fd/${fd}`);
  close(fd);
  if (path === mount) return "/";
  return path?.startsWith(`${mount}/`) ? path.slice(mount.length) : undefined;
}
