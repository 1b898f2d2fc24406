import { libc } from "./libc.ts";

const POLLIN = 1;

/**
 * Waits, while everything else goes on, until one of these descriptors can be read, or a pidfd's process has ended (poll(2)), or
 * for this long, in milliseconds. The answer is those that can; none when the time is over, or a signal came.
 */
export async function waitReadable(fds: readonly number[], most: number): Promise<number[]> {
  // struct pollfd: the descriptor, 16 bits of what is waited for, 16 of what is.
  const entries = new Int32Array(2 * fds.length);
  fds.forEach((fd, n) => {
    entries[2 * n] = fd;
    entries[2 * n + 1] = POLLIN;
  });
  const bytes = new Uint8Array(entries.buffer);
  const ready = await libc.pollOnThread(bytes, fds.length, most);
  return ready <= 0 ? [] : fds.filter((_, n) => entries[2 * n + 1]! >>> 16 !== 0);
}
