import { describeErrno, EAGAIN, EINTR, errno } from "../linux/errno.ts";
import { waitWritable, write } from "../linux/io.ts";

const encoder = new TextEncoder();
/** Characters that wait for the end of a turn at the most; more are written at once. */
const MOST = 64 * 1024;

/** Bytes that a pipe takes in one piece, whoever else writes to it (PIPE_BUF, pipe(7)). */
const ATOMIC = 4096;

/** Whole lines, as many as a pipe takes in one piece. */
function pieces(lines: string): string[] {
  const found: string[] = [];
  let piece = "";
  for (const line of lines.match(/[^\n]*\n/g) ?? []) {
    // A character beyond ASCII may take three bytes.
    if (piece !== "" && (piece.length + line.length) * 3 > ATOMIC) {
      found.push(piece);
      piece = "";
    }
    piece += line;
  }
  return [...found, piece];
}

/**
 * Collects audit lines and writes them in one go: the relay calls `flush` once a turn of its loop, before it waits again.
 * A reader that is slow holds the gate up, so that records keep pace with what is relayed.
 */
export class AuditWriter {
  #lines = "";
  #failed = false;
  readonly #fd: number;
  readonly #shared: boolean;
  readonly #report: (message: string) => void;

  /** `fd` is not closed here. `shared`: it may be a pipe that others write to as well. `report` hears once when writing fails, and once when it works again. */
  constructor(fd: number, shared: boolean, report: (message: string) => void) {
    this.#fd = fd;
    this.#shared = shared;
    this.#report = report;
  }

  add(line: string): void {
    this.#lines += line;
    if (this.#lines.length > MOST) this.flush();
  }

  flush(): void {
    if (this.#lines === "") return;
    const lines = this.#lines;
    this.#lines = "";
    let failure = 0;
    for (const piece of this.#shared ? pieces(lines) : [lines]) {
      failure ||= this.#writeAll(encoder.encode(piece));
    }
    if (failure === 0) {
      if (this.#failed) this.#report("audit records are written again");
      this.#failed = false;
    } else if (!this.#failed) {
      this.#failed = true;
      this.#report(`audit records are being lost: write: ${describeErrno(failure)}`);
    }
  }

  /** 0, or the errno that stopped it. */
  #writeAll(bytes: Uint8Array<ArrayBuffer>): number {
    for (let at = 0; at < bytes.length;) {
      const n = write(this.#fd, bytes.subarray(at), bytes.length - at);
      if (n >= 0) {
        at += n;
        continue;
      }
      const code = errno();
      if (code === EAGAIN) waitWritable(this.#fd);
      else if (code !== EINTR) return code;
    }
    return 0;
  }
}
