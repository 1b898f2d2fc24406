import { ENOENT, errno } from "../linux/errno.ts";
import { close, O_RDONLY, open, readOnThread } from "../linux/io.ts";
import { readSmallFile } from "../linux/proc.ts";
import type { TcpEnd } from "../linux/tcp.ts";
import { isInContainer } from "./container.ts";
import { holdsSocket } from "./holders.ts";

/** A connection to the gate that seems to be a container's. Plain data. */
export interface FarEnd {
  /** The ids of those who have its address: first whose network it is, and of the others who are in there. */
  readonly containers: readonly string[];
  /** The process id that the engine tells of the first. */
  readonly pid: number;
  /** Both ends as the container has them; IPv4 in 4 bytes. */
  readonly client: TcpEnd;
  readonly gate: TcpEnd;
}

/** `::ffff:0:0/96` as the table writes it. */
const MAPPED = "0000000000000000FFFF0000";
/** More than this is not looked through, in bytes: some 400,000 connections. */
const MOST = 1 << 26;

/**
 * Whether a process of these containers has this connection open. The kernel lists it in /proc/PID/net of the first (proc(5)), and in
 * /proc/PID/fd of whoever has it. An address proves little: with NET_RAW, which Docker gives to every container, a neighbour on the
 * bridge can speak from another's, and it may have had another owner when the connection was made. Nor does the network: a
 * socket that was made in it can be passed on to another container, and of a process that has ended, one can stay behind.
 * Undefined where that cannot be seen: from a PID namespace of our own, with `hidepid`, without the right to trace the container's
 * processes, or where the engine is on another machine.
 */
export async function holdsConnection(end: FarEnd, proc = "/proc"): Promise<boolean | undefined> {
  const { containers, pid } = end;
  if (!isFirst(end, proc)) return undefined;
  for (const family of ["tcp", "tcp6"] as const) {
    // An IPv6 address is never in the first.
    if (family === "tcp" && end.client.address.length !== 4) continue;
    const inode = await findInode(`${proc}/${pid}/net/${family}`, end, family);
    if (inode === undefined) return undefined;
    if (inode === 0) continue;
    // The number may be another process's meanwhile, but then it is not the container's again.
    if (!isFirst(end, proc)) return undefined;
    // Once more: whoever had it may have given it to a new process meanwhile, and have ended.
    return await holdsSocket(inode, containers, pid, proc) ||
      holdsSocket(inode, containers, pid, proc);
  }
  return false;
}

/**
 * The inode of a connection's socket, from the text of /proc/PID/net/tcp or tcp6: 0 where it is not there, where the client has
 * ended it (TIME_WAIT), and where no process has it any more.
 */
export function inodeOf(
  table: string,
  { client, gate }: Pick<FarEnd, "client" | "gate">,
  family: "tcp" | "tcp6",
): number {
  const at = table.indexOf(`: ${written(client, family)} ${written(gate, family)} `);
  if (at < 0) return 0;
  // sl, both ends, state, queues, timer, retransmits, uid, timeout, inode (proc_net_tcp in the kernel's documentation)
  const fields = table.slice(at, table.indexOf("\n", at)).trim().split(/ +/);
  return ALIVE.includes(fields[3]!) ? Number(fields[9]) : 0;
}

/** ESTABLISHED, FIN_WAIT1, FIN_WAIT2 and CLOSE_WAIT (<net/tcp_states.h>): the two have not both closed. */
const ALIVE = ["01", "04", "05", "08"];

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

function isFirst({ pid, containers: [first] }: FarEnd, proc: string): boolean {
  if (pid <= 0 || first === undefined) return false;
  const own = readSmallFile(`${proc}/self/cgroup`) ?? "";
  return isInContainer(readSmallFile(`${proc}/${pid}/cgroup`) ?? "", first, own);
}

/**
 * As `inodeOf`, from the file, on another thread: the kernel goes through all connections of the machine for it, which can take some
 * milliseconds. Undefined where it cannot be read.
 */
async function findInode(
  path: string,
  end: FarEnd,
  family: "tcp" | "tcp6",
): Promise<number | undefined> {
  const fd = open(path, O_RDONLY);
  // Without IPv6 there is no second table.
  if (fd < 0) return errno() === ENOENT && family === "tcp6" ? 0 : undefined;
  try {
    const chunk = new Uint8Array(64 * 1024);
    const decoder = new TextDecoder();
    let rest = "";
    for (let read = 0; read < MOST;) {
      const n = await readOnThread(fd, chunk, chunk.length);
      if (n < 0) return undefined;
      if (n === 0) return 0;
      read += n;
      rest += decoder.decode(chunk.subarray(0, n));
      const whole = rest.lastIndexOf("\n") + 1;
      const inode = inodeOf(rest.slice(0, whole), end, family);
      if (inode !== 0) return inode;
      rest = rest.slice(whole);
    }
    return undefined;
  } finally {
    close(fd);
  }
}
