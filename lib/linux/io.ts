import { cString } from "./bytes.ts";
import { libc } from "./libc.ts";
import type { Memory } from "./memory.ts";

const O_CLOEXEC = 0o2000000;
const F_SETFD = 2;
const F_GETFL = 3;
const F_SETFL = 4;
const F_DUPFD_CLOEXEC = 1030;
const F_SETPIPE_SZ = 1031;
const FD_CLOEXEC = 1;
const SEEK_SET = 0;
const SEEK_CUR = 1;
const SPLICE_F_MOVE_NONBLOCK = 1 | 2;

export const O_RDONLY = 0;
export const O_WRONLY = 1;
export const O_CREAT = 0o100;
export const O_EXCL = 0o200;
export const O_TRUNC = 0o1000;
export const O_APPEND = 0o2000;
export const O_NONBLOCK = 0o4000;
export const O_PATH = 0o10000000;
// arm64 keeps the numbers that 32-bit arm had for these two (arch/arm64/include/uapi/asm/fcntl.h); x86-64's mean others there.
const ARM = Deno.build.arch === "aarch64";
export const O_DIRECTORY = ARM ? 0o40000 : 0o200000;
export const O_NOFOLLOW = ARM ? 0o100000 : 0o400000;

/** Bytes read, 0 at the end, -1 and errno on failure. */
export function read(fd: number, into: Uint8Array<ArrayBuffer>, length: number): number {
  return libc.read(fd, into, length);
}

/** As `read`, on another thread; of what went wrong nothing is known but that it did. */
export function readOnThread(
  fd: number,
  into: Uint8Array<ArrayBuffer>,
  length: number,
): Promise<number> {
  return libc.readOnThread(fd, into, length);
}

/** Bytes taken, or -1 and errno. */
export function write(fd: number, from: Uint8Array<ArrayBuffer>, length: number): number {
  return libc.write(fd, from, length);
}

// struct iovec (readv(2)): an address and a length, 64 bits each, little-endian as both architectures are.
const vector = new Uint32Array(4);
const vectorBytes = new Uint8Array(vector.buffer);

/** As `write`, from an offset in memory. */
export function writeFrom(fd: number, memory: Memory, offset: number, length: number): number {
  pointAt(memory, offset, length);
  return libc.writev(fd, vectorBytes, 1);
}

const MSG_NOSIGNAL = 0x4000;

/**
 * Bytes read from a socket to an offset in memory, 0 at the end, -1 and errno on failure. At the beginning of the memory, where
 * nearly every request is read, by recv(2): the kernel has a shorter way for it than for readv(2).
 */
export function receive(fd: number, memory: Memory, offset: number, length: number): number {
  if (offset === 0 && length <= memory.bytes.length) {
    return libc.recv(fd, memory.start, sizeOf(length), 0);
  }
  pointAt(memory, offset, length);
  return libc.readv(fd, vectorBytes, 1);
}

/** Bytes that a socket takes from an offset in memory, or -1 and errno; from the beginning by send(2), as `receive`. */
export function send(fd: number, memory: Memory, offset: number, length: number): number {
  if (offset === 0 && length <= memory.bytes.length) {
    return libc.send(fd, memory.start, sizeOf(length), MSG_NOSIGNAL);
  }
  pointAt(memory, offset, length);
  return libc.writev(fd, vectorBytes, 1);
}

// What is read at once; an array that is made whole stays one.
const MOST_SIZES = 16 * 1024;
const sizes = new Array<Deno.PointerValue | undefined>(MOST_SIZES + 1);

/**
 * A size_t that the runtime passes on its short way into C, which takes no number of 64 bits: an address that is no address. They
 * are made once for each size.
 */
function sizeOf(length: number): Deno.PointerValue {
  if (length > MOST_SIZES) return Deno.UnsafePointer.create(BigInt(length));
  return sizes[length] ??= Deno.UnsafePointer.create(BigInt(length));
}

function pointAt({ low, high, bytes }: Memory, offset: number, length: number): void {
  if (offset + length > bytes.length) throw new RangeError("Cannot reach behind the memory");
  const at = low + offset;
  vector[0] = at;
  vector[1] = at > 0xffffffff ? high + 1 : high;
  vector[2] = length;
}

export function close(fd: number): void {
  libc.close(fd);
}

/** open(2), close-on-exec; -1 and errno on failure. */
export function open(path: string, flags: number, mode = 0): number {
  return libc.open(cString(path), flags | O_CLOEXEC, mode);
}

/** fchmod(2); on an unbound unix socket it sets the mode that bind(2) gives to the file. */
export function fchmod(fd: number, mode: number): number {
  return libc.fchmod(fd, mode);
}

/** Where the next byte is read, or the last one was appended (lseek(2)). */
export function position(fd: number): number {
  return Number(libc.lseek(fd, 0n, SEEK_CUR));
}

/** Goes to an offset from the beginning; 0 or more, or -1 and errno. */
export function seek(fd: number, offset: number): number {
  return Number(libc.lseek(fd, BigInt(offset), SEEK_SET));
}

/** Cuts a file to a length; 0, or -1 and errno. */
export function ftruncate(fd: number, length: number): number {
  return libc.ftruncate(fd, BigInt(length));
}

/** Another descriptor, close-on-exec, of what this one is open for (F_DUPFD_CLOEXEC, fcntl(2)); -1 and errno on failure. */
export function duplicate(fd: number): number {
  return libc.fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

/** Lets `fd` be what `other` is open for, in one step and for every thread (dup3(2)); -1 and errno on failure. */
export function replace(fd: number, other: number): number {
  return libc.dup3(other, fd, O_CLOEXEC);
}

/** Makes a descriptor that came from elsewhere close-on-exec and non-blocking; the latter holds for everybody who has it. */
export function adopt(fd: number): void {
  libc.fcntl(fd, F_SETFD, FD_CLOEXEC);
  libc.fcntl(fd, F_SETFL, libc.fcntl(fd, F_GETFL, 0) | O_NONBLOCK);
}

/**
 * A non-blocking pipe that holds up to `size` bytes where the user's quota allows it (pipe(7), F_SETPIPE_SZ), else the
 * kernel's default. Undefined when no descriptor is left.
 */
export function pipe(size: number): { readEnd: number; writeEnd: number } | undefined {
  const ends = new Int32Array(2);
  if (libc.pipe2(new Uint8Array(ends.buffer), O_NONBLOCK | O_CLOEXEC) < 0) return undefined;
  libc.fcntl(ends[1]!, F_SETPIPE_SZ, size);
  return { readEnd: ends[0]!, writeEnd: ends[1]! };
}

/** The most that one `splice` moves, in bytes. */
export const MAX_SPLICE = 1 << 20;
const maxSplice = BigInt(MAX_SPLICE);

/** splice(2) without blocking: bytes moved, 0 at the end of input, -1 and errno. */
export function splice(from: number, to: number, length: number): number {
  const most = length >= MAX_SPLICE ? maxSplice : BigInt(length);
  return libc.splice(from, null, to, null, most, SPLICE_F_MOVE_NONBLOCK);
}

const POLLOUT = 4;
const pollEntry = new Int32Array(2);
const pollBytes = new Uint8Array(pollEntry.buffer);

/** Blocks until a descriptor takes bytes again (poll(2)), for a standard error that somebody made non-blocking. */
export function waitWritable(fd: number): void {
  pollEntry[0] = fd;
  pollEntry[1] = POLLOUT;
  libc.poll(pollBytes, 1, -1);
}

/** A close-on-exec, non-blocking eventfd(2). */
export function eventfd(): number {
  return libc.eventfd(0, O_CLOEXEC | O_NONBLOCK);
}

const one = new Uint8Array(new BigUint64Array([1n]).buffer);

/** Wakes whoever waits on an eventfd. */
export function signalEventfd(fd: number): void {
  libc.write(fd, one, 8);
}
