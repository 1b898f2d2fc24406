import { EACCES, errno } from "../linux/errno.ts";
import { namesIn } from "../linux/directory.ts";
import { readLink, readSmallFile } from "../linux/proc.ts";
import { isInContainer } from "./container.ts";

/** Files between two turns of the thread: some milliseconds of work. */
const AT_ONCE = 256;
/** More descriptors than these are not looked through. */
const MOST = 1 << 16;

/**
 * Whether a process of one of these containers has a socket open, by the socket's inode (proc(5), /proc/PID/fd). In which network a
 * socket is says nothing of that: it can be passed on to another container (unix(7), SCM_RIGHTS). `first`: the process id to begin
 * with. Undefined where it is not found, and the descriptors of such a process cannot be seen, which takes the rights to trace it (ptrace(2)).
 */
export async function holdsSocket(
  inode: number,
  containers: readonly string[],
  first: number,
  proc = "/proc",
): Promise<boolean | undefined> {
  const link = `socket:[${inode}]`;
  const own = readSmallFile(`${proc}/self/cgroup`) ?? "";
  // The newest first: whoever connects has often been started for that.
  const pids = (namesIn(proc) ?? []).filter((name) => /^[1-9][0-9]*$/.test(name)).map(Number)
    .sort((a, b) => b - a);
  let steps = 0;
  let seen = 0;
  let unseen = false;
  const rest = async () => {
    if (++steps % AT_ONCE === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  };
  for (const pid of [first, ...pids.filter((pid) => pid !== first)]) {
    await rest();
    const cgroup = readSmallFile(`${proc}/${pid}/cgroup`);
    if (cgroup === undefined || !containers.some((id) => isInContainer(cgroup, id, own))) continue;
    const descriptors = namesIn(`${proc}/${pid}/fd`, MOST);
    if (descriptors === undefined) unseen ||= errno() === EACCES;
    for (const descriptor of descriptors ?? []) {
      await rest();
      if (++seen > MOST) return false;
      const target = readLink(`${proc}/${pid}/fd/${descriptor}`);
      // The number may be another process's meanwhile, but then it is not the container's again.
      if (target === link) return isHolderStill(`${proc}/${pid}/cgroup`, containers, own);
      if (target === undefined && errno() === EACCES) {
        unseen = true;
        break;
      }
    }
  }
  return unseen ? undefined : false;
}

function isHolderStill(path: string, containers: readonly string[], own: string): boolean {
  const cgroup = readSmallFile(path) ?? "";
  return containers.some((id) => isInContainer(cgroup, id, own));
}
