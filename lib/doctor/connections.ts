import type { FileStatus } from "../linux/file.ts";
import type { UnixSocket } from "../linux/unix_diag.ts";
import type { Facts, RealSocket } from "./facts.ts";
import { gateUids } from "./gate_users.ts";
import type { Process } from "./processes.ts";

/** What a process has to do with the real socket. */
export interface Hold {
  readonly process: Process;
  /** The other end of a connection, or a descriptor of the engine's own side. */
  readonly how:
    | "is connected"
    | "holds a descriptor of the listener"
    | "holds an accepted connection";
}

/** Who holds the real socket or a connection to it, without the engine, systemd and the gate; and connections of nobody visible. */
export interface Holds {
  readonly holds: readonly Hold[];
  /** Connections whose other end no process shows that we may look into. */
  readonly hidden: readonly number[];
  /** Whether anybody listens there, in a network namespace that we may look into. */
  readonly listens: boolean;
}

/** Pairs the kernel's sockets (unix_diag) with descriptors of processes. */
export function holdsOf(facts: Facts, socket: RealSocket, all: readonly UnixSocket[]): Holds {
  const here = socketsAt(socket, all);
  const served = new Set(here.filter(({ listens }) => !listens).map(({ inode }) => inode));
  const listeners = new Set(here.filter(({ listens }) => listens).map(({ inode }) => inode));
  const peers = new Set(here.flatMap(({ peer }) => (peer ? [peer] : [])));
  const holding = (inodes: ReadonlySet<number>) =>
    facts.processes.filter(({ sockets }) => sockets !== undefined && intersects(sockets, inodes));
  const server = new Set(
    [...holding(listeners), ...holding(served)]
      .filter((process) => isServer(process, socket)).map(({ pid }) => pid),
  );
  const trusted = gateUids(facts);
  const gate = new Set(
    facts.own.filter(({ uid }) => uid !== undefined && trusted.has(uid)).map(({ pid }) => pid),
  );
  const passes = ({ pid }: Process) => server.has(pid) || pid === facts.host.pid || gate.has(pid);
  const found = (inodes: ReadonlySet<number>, how: Hold["how"]) =>
    holding(inodes).filter((process) => !passes(process)).map((process) => ({ process, how }));
  return {
    holds: [
      ...found(peers, "is connected"),
      ...found(listeners, "holds a descriptor of the listener"),
      ...found(served, "holds an accepted connection"),
    ],
    hidden: hiddenEnds(facts.processes, socket, all),
    listens: listeners.size > 0,
  };
}

/** The engine, and systemd, which opens its socket (systemd.socket(5)). Others than root and the socket's owner may call themselves so. */
function isServer({ pid, comm, uid }: Process, { status }: RealSocket): boolean {
  const isEngine = ["dockerd", "podman", "rootlesskit"].includes(comm);
  return pid === 1 || (isEngine && (uid === 0 || uid === status?.uid));
}

/** By the file itself. Where a file system shows other numbers to the kernel than to us (overlayfs, btrfs), by the path. */
function socketsAt({ path, status }: RealSocket, all: readonly UnixSocket[]): UnixSocket[] {
  if (status === undefined) return [];
  const byFile = all.filter((one) => isAtFile(one, status));
  if (byFile.length > 0) return byFile;
  return all.filter((one) => one.path?.replace(/^\/var\/run\//, "/run/") === path);
}

/** The other ends of connections that no process has. */
export function hiddenEnds(
  processes: readonly Process[],
  socket: RealSocket,
  all: readonly UnixSocket[],
): number[] {
  const ends = new Set(socketsAt(socket, all).flatMap(({ peer }) => peer || []));
  for (const { sockets } of processes) sockets?.forEach((inode) => ends.delete(inode));
  return [...ends];
}

/** Inodes of the sockets that listen there: of more than one only while an old one is still open. */
export function listenersAt(socket: RealSocket, unix: readonly UnixSocket[]): number[] {
  return socketsAt(socket, unix).filter(({ listens }) => listens).map(({ inode }) => inode);
}

/** Whether systemd alone listens there: it starts the engine for the first who connects, and that is not to be doctor. */
export function isAsleep(
  all: readonly Process[],
  socket: RealSocket,
  unix: readonly UnixSocket[],
): boolean {
  const inodes = new Set(listenersAt(socket, unix));
  const holding = all.filter(({ sockets }) => sockets !== undefined && intersects(sockets, inodes));
  return holding.length > 0 && holding.every(({ pid }) => pid === 1);
}

/** Whether a socket, or the listener that it was accepted from, was bound to this file. The kernel tells 32 bits of the inode. */
export function isAtFile(
  { file }: UnixSocket,
  { inode, device }: Pick<FileStatus, "inode" | "device">,
): boolean {
  return file?.inode === Number(inode & 0xffffffffn) && file.device === device;
}

function intersects(some: ReadonlySet<number>, others: ReadonlySet<number>): boolean {
  return !some.isDisjointFrom(others);
}
