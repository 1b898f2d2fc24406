import { type Credentials, peerCredentials, peerGroups, whileAlive } from "../linux/peercred.ts";
import { readLink, readSmallFile } from "../linux/proc.ts";
import type { Peer } from "../policy/types.ts";
import { containerId } from "./container.ts";
import { overflowId } from "./user_namespace.ts";

const unmapped = { uid: overflowId("uid"), gid: overflowId("gid") };

/**
 * Who is at the other end of a connected unix socket: the ids that the kernel stored at connect(2). What it does not tell
 * stays absent: pid 0 is a process that our pid namespace cannot see, the overflow id one that our user namespace cannot.
 * The supplementary groups are asked for only `withGroups`.
 */
export function identify(fd: number, withGroups: boolean): Peer {
  const credentials = peerCredentials(fd);
  if (credentials === undefined) return {};
  return fromCredentials(credentials, withGroups ? peerGroups(fd) : undefined, unmapped);
}

/** The same from values; `overflow` holds the ids that stand for unmapped ones here. */
export function fromCredentials(
  credentials: Credentials,
  groups: readonly number[] | undefined,
  overflow: { readonly uid: number | undefined; readonly gid: number | undefined },
): Peer {
  const { pid, uid, gid } = credentials;
  const peer: { -readonly [K in keyof Peer]: Peer[K] } = {};
  if (pid !== 0) peer.pid = pid;
  if (isKnown(uid, overflow.uid)) peer.uid = uid;
  if (isKnown(gid, overflow.gid)) peer.gid = gid;
  // One group that is not mapped leaves the rest of the list as true as it was.
  if (groups !== undefined) peer.groups = groups.filter((group) => isKnown(group, overflow.gid));
  return peer;
}

/** (uid_t) -1 is "no id" everywhere in the kernel's interface. */
function isKnown(id: number, overflow: number | undefined): boolean {
  return id !== overflow && id !== 0xffffffff;
}

/** Executable and container of a peer, from /proc, kept only when a pidfd shows that the process lived throughout. */
export function describeProcess(fd: number, peer: Peer): { exe?: string; container?: string } {
  const { pid } = peer;
  if (pid === undefined) return {};
  const facts = whileAlive(fd, pid, () => ({
    exe: readLink(`/proc/${pid}/exe`),
    container: containerId(readSmallFile(`/proc/${pid}/cgroup`) ?? ""),
  }));
  return {
    ...(facts?.exe === undefined ? {} : { exe: facts.exe }),
    ...(facts?.container === undefined ? {} : { container: facts.container }),
  };
}
