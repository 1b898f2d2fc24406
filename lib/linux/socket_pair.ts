import { libc } from "./libc.ts";

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;

const ends = new Int32Array(2);
const endBytes = new Uint8Array(ends.buffer);

/**
 * Two unix stream sockets that are connected to each other, non-blocking and close-on-exec (socketpair(2)); undefined and errno
 * when there is no descriptor left.
 */
export function socketPair(): [number, number] | undefined {
  const type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
  if (libc.socketpair(AF_UNIX, type, 0, endBytes) < 0) return undefined;
  return [ends[0]!, ends[1]!];
}
