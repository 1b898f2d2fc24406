import { close, O_RDONLY, open, readOnThread } from "../linux/io.ts";
import { readSmallFile } from "../linux/proc.ts";
import type { TcpEnd } from "../linux/tcp.ts";

/** A connection to the gate that seems to be a container's. Plain data. */
export interface FarEnd {
  /** The container's id, and the process id that the engine tells of it. */
  readonly container: string;
  readonly pid: number;
  /** Both ends as the container has them; IPv4 in 4 bytes. */
  readonly client: TcpEnd;
  readonly gate: TcpEnd;
}

/** ESTABLISHED, FIN_WAIT1 and FIN_WAIT2 (<net/tcp_states.h>): the client has not closed both ways. */
const STATES = ["01", "04", "05"];
/** `::ffff:0:0/96` as the table writes it. */
const MAPPED = "0000000000000000FFFF0000";
/** More than this is not looked through, in bytes: some 7000 connections. */
const MOST = 1 << 20;

/**
 * Whether a container's own network holds a connection, as the kernel lists it in /proc/PID/net (proc(5)). An address proves little
 * to neighbours on a bridge: with NET_RAW, which Docker gives to every container, one can speak from another's, and an address may
 * have had another owner when the connection was made. Undefined where the container's processes cannot be seen: from a PID
 * namespace of our own, with `hidepid`, or where the engine is on another machine.
 */
export async function holdsConnection(end: FarEnd): Promise<boolean | undefined> {
  if (!isIn(end)) return undefined;
  for (const family of ["tcp", "tcp6"] as const) {
    // An IPv6 address is never in the first.
    if (family === "tcp" && end.client.address.length !== 4) continue;
    const table = await readTable(`/proc/${end.pid}/net/${family}`);
    if (table === undefined) return undefined;
    // The number may be another process's meanwhile, but then it is not the container's again.
    if (isListed(table, end, family)) return isIn(end);
  }
  return false;
}

/** Whether a connection stands in the text of /proc/PID/net/tcp or tcp6. */
export function isListed(
  table: string,
  { client, gate }: Pick<FarEnd, "client" | "gate">,
  family: "tcp" | "tcp6",
): boolean {
  const ends = `: ${written(client, family)} ${written(gate, family)} `;
  return STATES.some((state) => table.includes(`${ends}${state} `));
}

/** `0100007F:1F90`: words of 32 bits, each as a number of this machine's, which is little-endian. */
function written({ address, port }: TcpEnd, family: "tcp" | "tcp6"): string {
  const hex = (byte: number) => byte.toString(16).padStart(2, "0");
  let words = "";
  for (let at = 0; at < address.length; at += 4) {
    words += address.slice(at, at + 4).reverse().map(hex).join("");
  }
  const mapped = family === "tcp6" && address.length === 4 ? MAPPED : "";
  return `${mapped}${words}:${hex(port >> 8)}${hex(port & 0xff)}`.toUpperCase();
}

function isIn({ pid, container }: FarEnd): boolean {
  return pid > 0 && (readSmallFile(`/proc/${pid}/cgroup`)?.includes(container) ?? false);
}

/** On another thread: the kernel goes through all connections of the machine for it, which can take some milliseconds. */
async function readTable(path: string): Promise<string | undefined> {
  const fd = open(path, O_RDONLY);
  if (fd < 0) return undefined;
  try {
    const chunk = new Uint8Array(64 * 1024);
    const decoder = new TextDecoder();
    let text = "";
    while (text.length < MOST) {
      const n = await readOnThread(fd, chunk, chunk.length);
      if (n < 0) return undefined;
      if (n === 0) return text;
      text += decoder.decode(chunk.subarray(0, n));
    }
    return text;
  } finally {
    close(fd);
  }
}
