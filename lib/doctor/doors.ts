import { daemonOf } from "./daemon.ts";
import { listenersAt } from "./connections.ts";
import type { Facts, RealSocket } from "./facts.ts";
import { isOfHost } from "./own_processes.ts";
import { attempt, type Process } from "./processes.ts";
import { startedAt } from "./socket_units.ts";

/**
 * The other sockets of a socket's engine, as its settings and docker.socket say, and those that systemd handed to it: paths. What
 * else it listens at, for its own parts, is not asked of it.
 */
export function otherPaths(
  facts: Pick<Facts, "host" | "daemons" | "unix" | "processes">,
  socket: RealSocket,
): string[] {
  const { host, unix, processes } = facts;
  const daemon = daemonOf(facts, socket);
  if (daemon === undefined) return [];
  const { process, hosts } = daemon;
  if (process !== undefined && !isOfHost(host, process, processes)) return [];
  const named = hosts.flatMap((one) => {
    if (one.startsWith("unix://")) return [one.slice(7) || "/var/run/docker.sock"];
    return one.startsWith("/") ? [one] : [];
  });
  const units = hosts.some((one) => one.startsWith("fd://"))
    ? attempt(() => startedAt(host, "docker.socket")) ?? []
    : [];
  const systemd = processes.find(({ pid }) => pid === 1);
  const handed = typeof unix === "string" || listenersAt(socket, unix).length === 0
    ? []
    : unix.filter(({ listens, inode, path }) =>
      listens && path?.startsWith("/") && holds(process, inode) && holds(systemd, inode)
    ).map(({ path }) => path!);
  return [...new Set([...named, ...units, ...handed])].filter((path) => path.startsWith("/"));
}

function holds(process: Process | undefined, inode: number): boolean {
  return process?.sockets?.has(inode) === true;
}
