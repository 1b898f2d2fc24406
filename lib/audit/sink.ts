import { describeErrno, EAGAIN, EINTR, errno } from "../linux/errno.ts";
import { waitWritable, writeFrom } from "../linux/io.ts";
import type { Memory } from "../linux/memory.ts";

/** Where lines go. */
export interface Sink {
  /** Writes whole lines, `length` bytes at the beginning of `memory`; how many of these bytes, cut behind a line, are written. */
  put(memory: Memory, length: number): number;
  /** Why the last `put` has not written everything. */
  readonly failure: string;
}

export const NEWLINE = 10;

/** Bytes that a pipe takes in one piece, whoever else writes to it (PIPE_BUF, pipe(7)). */
const ATOMIC = 4096;

/** Bytes written, all of them where there is no failure; waits for as long as a reader is slow. */
export function writeAll(
  fd: number,
  memory: Memory,
  start: number,
  end: number,
): { readonly written: number; readonly failure: string } {
  let at = start;
  while (at < end) {
    const n = writeFrom(fd, memory, at, end - at);
    if (n > 0) {
      at += n;
      continue;
    }
    const code = errno();
    if (n < 0 && code === EINTR) continue;
    if (n < 0 && code === EAGAIN) waitWritable(fd);
    else return { written: at - start, failure: `write: ${describeErrno(code)}` };
  }
  return { written: at - start, failure: "" };
}

/** A pipe, a terminal or a device, which others may write to as well: lines go out in pieces that stay whole. */
export class StreamSink implements Sink {
  failure = "";
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  put(memory: Memory, length: number): number {
    for (let at = 0; at < length;) {
      const end = pieceEnd(memory.bytes, at, length);
      const { failure } = writeAll(this.#fd, memory, at, end);
      if (failure !== "") {
        this.failure = failure;
        return at;
      }
      at = end;
    }
    return length;
  }
}

/** As many whole lines as a pipe takes in one piece, or one that is longer. */
function pieceEnd(bytes: Uint8Array, start: number, end: number): number {
  if (end - start <= ATOMIC) return end;
  const last = bytes.lastIndexOf(NEWLINE, start + ATOMIC - 1);
  return (last >= start ? last : bytes.indexOf(NEWLINE, start)) + 1;
}
