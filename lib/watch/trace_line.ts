/** A connection that was made, in the words of the client's side. */
export interface Connected {
  readonly kind: "connected";
  readonly device: number;
  readonly inode: bigint;
  /** What tells the connection from others, on both sides: where the kernel keeps the server's end. */
  readonly socket: string;
  readonly pid: number;
  readonly tid: number;
  readonly uid: number;
  readonly parent: number;
  /** The thread's own name (PR_SET_NAME, prctl(2)); anything. */
  readonly comm: string;
}

/** The same, seen when the server accepts it. */
export interface Accepted {
  readonly kind: "accepted";
  readonly device: number;
  readonly inode: bigint;
  readonly socket: string;
  readonly pid: number;
  readonly uid: number;
}

/** A connection that was refused. Where the path leads is left to find out. */
export interface Refused {
  readonly kind: "refused";
  readonly errno: number;
  readonly path: string;
  readonly pid: number;
  readonly tid: number;
  readonly uid: number;
  readonly parent: number;
  readonly comm: string;
}

/** A line of lib/watch/connect.bt's, or of bpftrace's own. */
export type TraceLine =
  | Connected
  | Accepted
  | Refused
  | { readonly kind: "ready" }
  | { readonly kind: "tick" }
  /** Connections that nobody looked at: `other` sockets' beyond the limit, or of any that the ring buffer had no room for. */
  | { readonly kind: "missed"; readonly count: number; readonly other: boolean }
  | { readonly kind: "talk"; readonly text: string };

const NUMBER = "(-?[0-9]+)";
const HEX = "((?:\\\\x[0-9a-f]{2})*)";
const pattern = (...parts: string[]) => new RegExp(`^${parts.join(" ")}$`);
const N = NUMBER;
const CONNECTED = pattern("C", N, N, "([0-9a-f]+)", N, N, N, N, HEX);
const ACCEPTED = pattern("A", N, N, "([0-9a-f]+)", N, N);
const REFUSED = pattern("F", N, N, N, N, N, N, HEX, HEX, HEX);

/** Reads a line. What is not understood is talk: bpftrace's warnings and the empty lines at its end. */
export function readTraceLine(line: string): TraceLine {
  if (line === "R") return { kind: "ready" };
  if (line === "T") return { kind: "tick" };
  const connected = CONNECTED.exec(line);
  if (connected !== null) {
    const [, device, inode, socket, pid, tid, uid, parent, comm] = connected;
    return {
      kind: "connected",
      device: Number(device),
      inode: BigInt(inode!),
      socket: socket!,
      pid: Number(pid),
      tid: Number(tid),
      uid: unsigned(uid!),
      parent: Number(parent),
      comm: cText(hexBytes(comm!)),
    };
  }
  const accepted = ACCEPTED.exec(line);
  if (accepted !== null) {
    const [, device, inode, socket, pid, uid] = accepted;
    return {
      kind: "accepted",
      device: Number(device),
      inode: BigInt(inode!),
      socket: socket!,
      pid: Number(pid),
      uid: unsigned(uid!),
    };
  }
  const refused = REFUSED.exec(line);
  if (refused !== null) {
    const [, errno, length, pid, tid, uid, parent, comm, first, second] = refused;
    // sun_path begins behind the family's two bytes, and ends where the caller said or at a NUL (unix(7)).
    const path = hexBytes(first! + second!).subarray(0, Math.max(0, Number(length) - 2));
    return {
      kind: "refused",
      errno: -Number(errno),
      path: cText(path),
      pid: Number(pid),
      tid: Number(tid),
      uid: unsigned(uid!),
      parent: Number(parent),
      comm: cText(hexBytes(comm!)),
    };
  }
  const lost = /^Lost ([0-9]+) events$/.exec(line);
  if (lost !== null) return { kind: "missed", count: Number(lost[1]), other: false };
  const spared = /^S ([0-9]+)$/.exec(line);
  if (spared !== null) return { kind: "missed", count: Number(spared[1]), other: true };
  return { kind: "talk", text: line };
}

/** %d prints an unsigned 32-bit number as a signed one. */
function unsigned(text: string): number {
  return Number(text) >>> 0;
}

function hexBytes(text: string): Uint8Array {
  return Uint8Array.from(text.match(/[0-9a-f]{2}/g) ?? [], (digits) => parseInt(digits, 16));
}

/** Bytes up to a NUL as text; what is no UTF-8 becomes U+FFFD. */
function cText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}
