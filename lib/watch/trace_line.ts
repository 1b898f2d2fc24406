import { containerId } from "../peer/container.ts";

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
  /** When the process began, in clock ticks since boot. */
  readonly began: string;
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
  readonly began: string;
  readonly comm: string;
}

/** What the kernel knew of a process at the connection that the next line is about: a part of it, for the case that it is gone. */
export interface Glimpse {
  readonly kind: "glimpse";
  readonly pid: number;
  /** As far as it goes; names are cut at 31 bytes. */
  readonly exe?: string;
  /** At most 180 bytes. */
  readonly command?: readonly string[];
  readonly container?: string;
}

/** A line of lib/watch/connect.bt's, or of bpftrace's own. */
export type TraceLine =
  | Connected
  | Accepted
  | Refused
  | Glimpse
  | { readonly kind: "ready" }
  | { readonly kind: "tick" }
  /** Connections that the ring buffer had no room for. */
  | { readonly kind: "lost"; readonly count: number }
  /** How many came in a second, where it was more than are told of. */
  | { readonly kind: "crowd"; readonly others: number; readonly refused: number }
  | { readonly kind: "talk"; readonly text: string };

const NUMBER = "(-?[0-9]+)";
const HEX = "((?:\\\\x[0-9a-f]{2})*)";
const pattern = (...parts: string[]) => new RegExp(`^${parts.join(" ")}$`);
const N = NUMBER;
const CONNECTED = pattern("C", N, N, "([0-9a-f]+)", N, N, N, N, N, HEX);
const ACCEPTED = pattern("A", N, N, "([0-9a-f]+)", N, N);
const REFUSED = pattern("F", N, N, N, N, N, N, N, HEX, HEX, HEX);

const EXECUTABLE = pattern("E", N, HEX, HEX, HEX, HEX, HEX);
const WORDS = pattern("W", N, N, HEX, HEX, HEX);
const CGROUP = pattern("G", N, HEX, HEX);
const CROWD = pattern("S", N, N);

/** Reads a line. What is not understood is talk: bpftrace's warnings and the empty lines at its end. */
export function readTraceLine(line: string): TraceLine {
  if (line === "R") return { kind: "ready" };
  if (line === "T") return { kind: "tick" };
  const connected = CONNECTED.exec(line);
  if (connected !== null) {
    const [, device, inode, socket, pid, tid, uid, parent, began, comm] = connected;
    return {
      kind: "connected",
      device: Number(device),
      inode: BigInt(inode!),
      socket: socket!,
      pid: Number(pid),
      tid: Number(tid),
      uid: unsigned(uid!),
      parent: Number(parent),
      began: began!,
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
    const [, errno, length, pid, tid, uid, parent, began, comm, first, second] = refused;
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
      began: began!,
      comm: cText(hexBytes(comm!)),
    };
  }
  const lost = /^Lost ([0-9]+) events$/.exec(line);
  if (lost !== null) return { kind: "lost", count: Number(lost[1]) };
  const crowd = CROWD.exec(line);
  if (crowd !== null) {
    return { kind: "crowd", others: Number(crowd[1]), refused: Number(crowd[2]) };
  }
  return glimpse(line) ?? { kind: "talk", text: line };
}

function glimpse(line: string): Glimpse | undefined {
  const exe = EXECUTABLE.exec(line);
  if (exe !== null) {
    const [, pid, ...names] = exe;
    return { kind: "glimpse", pid: Number(pid), exe: joined(names.map((n) => cText(hexBytes(n)))) };
  }
  const words = WORDS.exec(line);
  if (words !== null) {
    const [, pid, length, ...parts] = words;
    const bytes = hexBytes(parts.join("")).subarray(0, Number(length));
    const command = new TextDecoder().decode(bytes).replace(/\0$/, "").split("\0");
    return { kind: "glimpse", pid: Number(pid), command };
  }
  const cgroup = CGROUP.exec(line);
  if (cgroup === null) return undefined;
  const [, pid, first, second] = cgroup;
  const container = containerId(`/${cText(hexBytes(first! + second!))}`);
  return { kind: "glimpse", pid: Number(pid), ...(container === undefined ? {} : { container }) };
}

/** A path from its names, the last one first. The root's own is "/"; where it is not among them, the path begins further up. */
function joined(names: readonly string[]): string {
  const root = names.indexOf("/");
  const path = (root < 0 ? names : names.slice(0, root)).toReversed().join("/");
  return root < 0 ? `…/${path}` : `/${path}`;
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
