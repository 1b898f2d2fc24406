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
  return ["tcp", "tcp6"].flatMap((table) => {
    const text = attempt(() => host.read(`/proc/${pid}/net/${table}`)) ?? "";
    return text.split("\n").slice(1).flatMap((line): TcpListener[] => {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
      if (state !== LISTENS || !sockets.has(Number(inode))) return [];
      const [address, port] = local!.split(":");
      return [{ address: readable(address!), port: parseInt(port!, 16) }];
    });
  });
}

/** Words of 32 bits in the machine's order, which is little-endian on both architectures. */
function readable(hex: string): string {
  const bytes = hex.match(/.{8}/g)!.flatMap((word) => word.match(/../g)!.toReversed());
  if (bytes.length === 4) return bytes.map((byte) => parseInt(byte, 16)).join(".");
  const groups = Array.from({ length: 8 }, (_, i) => bytes[2 * i]! + bytes[2 * i + 1]!);
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}
