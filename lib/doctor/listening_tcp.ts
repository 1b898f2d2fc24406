import type { Host } from "./host.ts";
import { attempt, type Process } from "./processes.ts";

/** A TCP port that somebody listens on. */
export interface TcpListener {
  /** As written: `127.0.0.1`, `::`. */
  readonly address: string;
  readonly port: number;
}

/** LISTEN in the column st of /proc/net/tcp (proc_pid_net(5)). */
const LISTENS = "0A";

/** The TCP ports that a process listens on; undefined where its descriptors may not be read. */
export function listeningTcp(host: Host, { pid, sockets }: Process): TcpListener[] | undefined {
  if (sockets === undefined) return undefined;
  const table = tcpTable(host, pid);
  return [...sockets].flatMap((inode) => table.get(inode) ?? []);
}

/** Everything that listens in a process's network namespace, by the socket's inode. */
export function tcpTable(host: Host, pid: number): Map<number, TcpListener> {
  const text = ["tcp", "tcp6"].map((table) =>
    attempt(() => host.read(`/proc/${pid}/net/${table}`))
  );
  return new Map(
    text.join("\n").split("\n").flatMap((line): [number, TcpListener][] => {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
      if (state !== LISTENS) return [];
      const [address, port] = local!.split(":");
      return [[Number(inode), { address: readable(address!), port: parseInt(port!, 16) }]];
    }),
  );
}

/** `127.0.0.1:2375`, `[::1]:2375`. */
export function placeOfTcp({ address, port }: TcpListener): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Words of 32 bits in the machine's order, which is little-endian on both architectures. */
function readable(hex: string): string {
  const bytes = hex.match(/.{8}/g)!.flatMap((word) => word.match(/../g)!.toReversed());
  if (bytes.length === 4) return bytes.map((byte) => parseInt(byte, 16)).join(".");
  const groups = Array.from({ length: 8 }, (_, i) => bytes[2 * i]! + bytes[2 * i + 1]!);
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}
