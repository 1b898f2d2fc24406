import type { FileStatus } from "../linux/file.ts";
import type { Host } from "./host.ts";
import { attempt, type Process } from "./processes.ts";

/** __SO_ACCEPTCON in the column Flags of /proc/net/unix (proc_net(5)). */
const LISTENS = "00010000";

/**
 * The processes that listen on one of these sockets, whatever they are called and in whichever container they run: for a gate
 * without a network of its own the same file has another path, and /proc/net/unix is another. systemd, which holds sockets for
 * others, is left out.
 */
export function listeningAt(
  host: Host,
  sockets: readonly FileStatus[],
  all: readonly Process[],
): Process[] {
  const wanted = new Set(sockets.map(({ device, inode }) => `${device} ${inode}`));
  const tables = new Map<string, Map<number, string>>();
  return all.filter((process) => {
    const { pid, net, sockets: held } = process;
    if (pid === 1 || held === undefined || held.size === 0 || wanted.size === 0) return false;
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
