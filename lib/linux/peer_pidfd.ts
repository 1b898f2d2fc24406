import { errno } from "./errno.ts";
import { close } from "./io.ts";
import { libc } from "./libc.ts";
import { unixSocket } from "./socket.ts";

const SOL_SOCKET = 1;
const SO_PEERPIDFD = 77;
const ENOPROTOOPT = 92;

/** Whether the kernel names the very process that connected (SO_PEERPIDFD, Linux 6.5), asked of a socket that nobody is connected to. */
export function knowsPeerPidfd(): boolean {
  const fd = unixSocket(true);
  if (fd < 0) return false;
  const value = new Uint8Array(4);
  const length = new Uint8Array(new Uint32Array([4]).buffer);
  const answer = libc.getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, value, length);
  const known = answer === 0 || errno() !== ENOPROTOOPT;
  close(fd);
  return known;
}
