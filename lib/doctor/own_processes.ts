import type { FileStatus } from "../linux/file.ts";
import type { UnixSocket } from "../linux/unix_diag.ts";
import { isAtFile } from "./connections.ts";
import type { Host } from "./host.ts";
import { placeOfTcp, tcpTable } from "./listening_tcp.ts";
import { attempt, type Process } from "./processes.ts";

/** __SO_ACCEPTCON in the column Flags of /proc/net/unix (proc_net(5)). */
const LISTENS = "00010000";

/**
 * The processes that listen on one of these sockets, whatever they are called and in whichever container they run. A socket that
 * systemd handed over is in systemd's network namespace, one that a gate in a container opened is in the container's, under
 * another path: the file tells, and where its file system shows the kernel other numbers, the process's own view of it. systemd,
 * which holds sockets for others, is left out.
 */
export function listeningAt(
  host: Host,
  sockets: readonly FileStatus[],
  all: readonly Process[],
  unix: readonly UnixSocket[],
): Process[] {
  const inodes = unix.filter((one) => one.listens && sockets.some((file) => isAtFile(one, file)))
    .map(({ inode }) => inode);
  const wanted = new Set(sockets.map(({ device, inode }) => `${device} ${inode}`));
  const tables = new Map<string, Map<number, string>>();
  return all.filter((process) => {
    const { pid, net, sockets: held } = process;
    if (pid === 1 || held === undefined || held.size === 0 || wanted.size === 0) return false;
    if (inodes.some((inode) => held.has(inode))) return true;
    const key = net ?? `pid ${pid}`;
    const table = tables.get(key) ?? listening(host, pid);
    // It may have ended just now; another one tells the same.
    if (table === undefined) return false;
    tables.set(key, table);
    return [...held].some((inode) => {
      const path = table.get(inode);
      if (path === undefined) return false;
      const file = host.behind(`/proc/${pid}/root${path}`);
      return file !== undefined && wanted.has(`${file.device} ${file.inode}`);
    });
  });
}

/**
 * Whether a process is the host's own: in no container, by its cgroup, its pid namespace and its root. Services have mount
 * namespaces of their own, with the host's root (systemd.exec(5)).
 */
export function isOfHost(host: Host, process: Process, all: readonly Process[]): boolean {
  const { pid, container, pidNamespace } = process;
  const self = all.find(({ pid }) => pid === host.pid);
  if (container !== undefined) return false;
  if (self !== undefined && pidNamespace !== self.pidNamespace) return false;
  return hasHostRoot(host, pid);
}

/** Whether what a process finds at / is what the host has there. */
export function hasHostRoot(host: Host, pid: number): boolean {
  const [root, ours] = [host.behind(`/proc/${pid}/root/`), host.behind("/")];
  return root !== undefined && root.inode === ours?.inode && root.device === ours.device;
}

/** The processes that listen on one of these TCP ports, `tcp://127.0.0.1:2375`, in the host's own network. */
export function listeningAtTcp(
  host: Host,
  places: readonly string[],
  all: readonly Process[],
): Process[] {
  const own = all.find(({ pid }) => pid === host.pid);
  if (places.length === 0 || own === undefined) return [];
  const inodes = [...tcpTable(host, own.pid)]
    .filter(([, listener]) => places.includes(`tcp://${placeOfTcp(listener)}`))
    .map(([inode]) => inode);
  return all.filter(({ pid, net, sockets }) =>
    pid !== 1 && net === own.net && inodes.some((inode) => sockets?.has(inode))
  );
}

/** Paths of the sockets that listen in a process's network namespace, by inode. */
function listening(host: Host, pid: number): Map<number, string> | undefined {
  const text = attempt(() => host.read(`/proc/${pid}/net/unix`));
  if (text === undefined) return undefined;
  return new Map(
    text.split("\n").flatMap((line): [number, string][] => {
      const [, flags, inode, path] = /^\S+: \S+ \S+ (\S+) \S+ \S+ +(\d+) (\/.*)$/.exec(line) ?? [];
      return flags === LISTENS ? [[Number(inode), path!]] : [];
    }),
  );
}
