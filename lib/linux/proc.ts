import { cString } from "./bytes.ts";
import { statusOfDescriptor } from "./file.ts";
import { close, O_NONBLOCK, O_PATH, O_RDONLY, open, read } from "./io.ts";
import { libc } from "./libc.ts";

const scratch = new Uint8Array(8192);
const decoder = new TextDecoder();

/** The first 8 KiB of a small file such as those in proc(5), or undefined when it cannot be read. */
export function readSmallFile(path: string): string | undefined {
  const fd = open(path, O_RDONLY);
  if (fd < 0) return undefined;
  const n = read(fd, scratch, scratch.length);
  close(fd);
  return n < 0 ? undefined : decoder.decode(scratch.subarray(0, n));
}

/** All of a file such as those in proc(5), whose size nobody knows before; undefined when it cannot be read. */
export function readWholeFile(path: string): string | undefined {
  const fd = open(path, O_RDONLY);
  if (fd < 0) return undefined;
  const whole = new TextDecoder();
  let text = "";
  let n: number;
  while ((n = read(fd, scratch, scratch.length)) > 0) {
    text += whole.decode(scratch.subarray(0, n), { stream: true });
  }
  close(fd);
  return n < 0 ? undefined : text;
}

/**
 * At most so many bytes of a file whose name, or length, others may have chosen; `cut` where it is longer. Nothing but a regular
 * file is opened: a FIFO would wait, and a device act. undefined and errno when it cannot be found or read.
 */
export function readRegular(
  path: string,
  most: number,
): { readonly text: string; readonly cut: boolean } | "no regular file" | undefined {
  const found = open(path, O_PATH);
  if (found < 0) return undefined;
  const isRegular = statusOfDescriptor(found)?.isRegular === true;
  // It cannot be another file by now.
  const fd = isRegular ? open(`/proc/self/fd/${found}`, O_RDONLY | O_NONBLOCK) : -1;
  close(found);
  if (fd < 0) return isRegular ? undefined : "no regular file";
  const whole = new TextDecoder();
  let text = "";
  let left = most;
  let n: number;
  while ((n = read(fd, scratch, Math.min(scratch.length, left + 1))) > 0) {
    text += whole.decode(scratch.subarray(0, Math.min(n, left)), { stream: true });
    if (n > left) break;
    left -= n;
  }
  close(fd);
  return n < 0 ? undefined : { text, cut: n > left };
}

/** The bytes of such a file, which may be long; undefined when it cannot be read. */
export function readWholeBytes(path: string): Uint8Array<ArrayBuffer> | undefined {
  const fd = open(path, O_RDONLY);
  if (fd < 0) return undefined;
  const chunk = new Uint8Array(1 << 20);
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let n: number;
  while ((n = read(fd, chunk, chunk.length)) > 0) chunks.push(chunk.slice(0, n));
  close(fd);
  if (n < 0) return undefined;
  const whole = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of chunks) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** readlink(2), or undefined when there is no link or it may not be read. */
export function readLink(path: string): string | undefined {
  const n = libc.readlink(cString(path), scratch, scratch.length);
  return n < 0 ? undefined : decoder.decode(scratch.subarray(0, n));
}
