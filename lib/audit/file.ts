import { describeErrno, EEXIST, errno } from "../linux/errno.ts";
import {
  fchown,
  type FileStatus,
  rename,
  statusBehind,
  statusOfDescriptor,
} from "../linux/file.ts";
import {
  close,
  fchmod,
  ftruncate,
  O_APPEND,
  O_CREAT,
  O_EXCL,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_RDONLY,
  O_TRUNC,
  O_WRONLY,
  open,
  position,
  read,
  replace,
  seek,
} from "../linux/io.ts";
import { Memory } from "../linux/memory.ts";
import { Lock } from "./lock.ts";
import { NEWLINE, type Sink, writeAll } from "./sink.ts";
import type { Rotation } from "./target.ts";

/** A regular audit file as every thread gets it: they share the descriptor's number, and this memory. */
export interface SharedFile {
  readonly fd: number;
  readonly path: string;
  readonly rotate?: Rotation;
  readonly memory: SharedArrayBuffer;
}

export type Tell = (level: "info" | "warning", message: string) => void;

/** How often it is looked whether the file still has its name, while records are written, in milliseconds. */
const CHECK_MS = 1000;
/** A lock and a flag of 32 bits each, then a size and a time as floats of 64. */
const BYTES = 24;
const TORN_AT = 4;
const SIZE_AT = 8;
const CHECKED_AT = 16;

const newline = new Memory(new Uint8Array([NEWLINE]));

/** The memory that the threads share that write to one file, of so many bytes. `whole`: it ends where a line ends. */
export function fileMemory(size: number, whole: boolean): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(BYTES);
  new Int32Array(memory, TORN_AT, 1)[0] = whole ? 0 : 1;
  new Float64Array(memory, SIZE_AT, 1)[0] = size;
  return memory;
}

/**
 * An audit file that is never left with half a line by this process. One thread at a time writes; whoever finds the file too
 * large or without its name puts another one behind the descriptor, for all threads at once (dup3(2)).
 */
export class FileSink implements Sink {
  failure = "";
  readonly #fd: number;
  readonly #path: string;
  readonly #rotate: Rotation | undefined;
  readonly #lock: Lock;
  /** Whether the file ends in a part of a line that could not be taken back. */
  readonly #torn: Int32Array;
  readonly #size: Float64Array;
  /** When it was looked whether the file still has its name, in milliseconds since 1970; 0 when it must be looked at once. */
  readonly #checkedAt: Float64Array;
  readonly #tell: Tell;
  /** After a rotation that failed. */
  #rotateAfter = -Infinity;
  /** What was said last to be wrong: it is not said again every second. */
  #told = "";

  constructor({ fd, path, rotate, memory }: SharedFile, tell: Tell) {
    this.#fd = fd;
    this.#path = path;
    this.#rotate = rotate;
    this.#lock = new Lock(new Int32Array(memory, 0, 1));
    this.#torn = new Int32Array(memory, TORN_AT, 1);
    this.#size = new Float64Array(memory, SIZE_AT, 1);
    this.#checkedAt = new Float64Array(memory, CHECKED_AT, 1);
    this.#tell = tell;
  }

  put(memory: Memory, length: number): number {
    this.#lock.acquire();
    try {
      return this.#put(memory, length);
    } finally {
      this.#lock.release();
    }
  }

  /** Takes up the file that has the name now, which is made where there is none. Undefined, or why that fails; then the old one stays. */
  reopen(): string | undefined {
    this.#lock.acquire();
    try {
      return this.#reopen(statusOfDescriptor(this.#fd));
    } finally {
      this.#lock.release();
    }
  }

  #put(memory: Memory, length: number): number {
    // Each thread's performance.now() has an origin of its own.
    const now = performance.timeOrigin + performance.now();
    if (Math.abs(now - this.#checkedAt[0]!) >= CHECK_MS && !this.#check(now)) return 0;
    const most = this.#rotate?.size ?? Infinity;
    if (this.#size[0]! > 0 && this.#size[0]! + length > most && now >= this.#rotateAfter) {
      this.#putAside(now);
    }
    if (this.#torn[0] !== 0 && !this.#endLine()) return 0;
    const { written, failure } = writeAll(this.#fd, memory, 0, length);
    this.failure = failure;
    const whole = written === length ? length : this.#takeBack(memory.bytes, written);
    this.#size[0]! += whole;
    return whole;
  }

  /** Closes the part of a line that stands at the end: it stays, on a line of its own. */
  #endLine(): boolean {
    const { written, failure } = writeAll(this.#fd, newline, 0, 1);
    this.failure = failure;
    this.#torn[0] = 1 - written;
    return written === 1;
  }

  /** Removes the part of a line that was written last; how many bytes of whole lines stay. */
  #takeBack(bytes: Uint8Array, written: number): number {
    const whole = written === 0 ? 0 : bytes.lastIndexOf(NEWLINE, written - 1) + 1;
    if (whole === written) return whole;
    // A write that appends leaves the position behind what it wrote (write(2)); others may have appended since.
    const end = position(this.#fd);
    const isLast = statusOfDescriptor(this.#fd)?.size === end;
    if (!isLast || ftruncate(this.#fd, end - (written - whole)) < 0) this.#torn[0] = 1;
    return whole;
  }

  /** Whether the file is one that can be found again; if not, it is made anew. */
  #check(now: number): boolean {
    const ours = statusOfDescriptor(this.#fd);
    const named = statusBehind(this.#path);
    if (ours !== undefined && named !== undefined && isSame(ours, named)) {
      this.#checkedAt[0] = now;
      this.#size[0] = ours.size;
      return true;
    }
    const failure = this.#reopen(ours);
    if (failure === undefined) {
      this.#checkedAt[0] = now;
      this.#told = "";
      const what = named === undefined ? "was removed or moved: it is there again" : "is another";
      this.#tell("warning", `audit file ${this.#path} ${what}`);
      return true;
    }
    // In one that was only moved records are still found.
    if ((ours?.links ?? 0) === 0) {
      this.failure = failure;
      this.#checkedAt[0] = 0;
      return false;
    }
    this.#checkedAt[0] = now;
    this.#warnOnce(`${failure}; records go on to the file that is open`);
    return true;
  }

  #reopen(like: FileStatus | undefined): string | undefined {
    const fd = this.#openNamed(like);
    if (fd < 0) return `open ${this.#path}: ${describeErrno(errno())}`;
    try {
      const status = statusOfDescriptor(fd);
      if (status?.isRegular !== true) return `${this.#path} is not a regular file`;
      return this.#switch(fd, status.size, endsInLine(this.#path, status));
    } finally {
      close(fd);
    }
  }

  /** Opens what has the name, or makes it; a FIFO that nobody reads is not waited for. -1 and errno on failure. */
  #openNamed(like: FileStatus | undefined): number {
    const flags = O_WRONLY | O_APPEND | O_NONBLOCK;
    const made = open(this.#path, flags | O_CREAT | O_EXCL, 0o600);
    if (made < 0) return errno() === EEXIST ? open(this.#path, flags) : -1;
    this.#own(made, like);
    return made;
  }

  /** Puts another file behind the descriptor, in one step and for every thread. */
  #switch(fd: number, size: number, whole: boolean): string | undefined {
    if (replace(this.#fd, fd) < 0) return `dup3 ${this.#path}: ${describeErrno(errno())}`;
    this.#size[0] = size;
    this.#torn[0] = whole ? 0 : 1;
    return undefined;
  }

  #putAside(now: number): void {
    const failure = this.#rotated(this.#rotate!.keep);
    if (failure === undefined) {
      this.#told = "";
      this.#tell("info", `audit file ${this.#path} is full: it is ${this.#path}.1 now`);
      return;
    }
    this.#rotateAfter = now + CHECK_MS;
    this.#warnOnce(`${failure}; the audit file cannot be rotated and grows on`);
  }

  /** The new file is there before the old one loses its name: whatever fails, there is one to write to. */
  #rotated(keep: number): string | undefined {
    const path = realPath(this.#path);
    const fresh = `${path}.new`;
    const fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW, 0o600);
    if (fd < 0) return `open ${fresh}: ${describeErrno(errno())}`;
    try {
      this.#own(fd, statusOfDescriptor(this.#fd));
      for (let n = lastOf(path, keep); n > 0; n--) {
        const from = n === 1 ? path : `${path}.${n - 1}`;
        if (rename(from, `${path}.${n}`) < 0) return `rename ${from}: ${describeErrno(errno())}`;
      }
      if (rename(fresh, path) < 0) return `rename ${fresh}: ${describeErrno(errno())}`;
      return this.#switch(fd, 0, true);
    } finally {
      close(fd);
    }
  }

  /** Gives a new file the mode and the owner of the old one. */
  #own(fd: number, like: FileStatus | undefined): void {
    const code = like === undefined ? 0 : takeAfter(fd, like);
    if (code === 0) return;
    this.#warnOnce(
      `fchown ${this.#path}: ${describeErrno(code)}; the new audit file has another owner`,
    );
  }

  #warnOnce(message: string): void {
    if (message === this.#told) return;
    this.#told = message;
    this.#tell("warning", message);
  }
}

/** Whether a file ends where a line ends: a process that was killed may have left a part of one. True also where nobody can tell. */
export function endsInLine(path: string, { size }: FileStatus): boolean {
  if (size === 0) return true;
  const fd = open(path, O_RDONLY);
  if (fd < 0) return true;
  const last = new Uint8Array(1);
  seek(fd, size - 1);
  const n = read(fd, last, 1);
  close(fd);
  return n !== 1 || last[0] === NEWLINE;
}

/** 0, or the errno for which the owner cannot be the same; the mode always is. */
function takeAfter(fd: number, { mode, uid, gid }: FileStatus): number {
  const code = fchown(fd, uid, gid) < 0 ? errno() : 0;
  fchmod(fd, mode & 0o777);
  return code;
}

/** Without symbolic links, as far as it can be told. */
function realPath(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    return path;
  }
}

/** The number of the file that is written next, of those that are put aside: the first that is free, or the last. */
function lastOf(path: string, keep: number): number {
  for (let n = 1; n < keep; n++) if (statusBehind(`${path}.${n}`) === undefined) return n;
  return keep;
}

function isSame(one: FileStatus, other: FileStatus): boolean {
  return one.inode === other.inode && one.device === other.device;
}
