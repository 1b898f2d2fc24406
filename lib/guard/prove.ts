import { errno } from "../linux/errno.ts";
import { close } from "../linux/io.ts";
import { connect, unixAddress, unixSocket } from "../linux/socket.ts";
import type { Seal } from "./seal.ts";

const EPERM = 1;

/** What became of a connection of our own: refused as it should be; nobody listens there, so that the kernel had nothing to refuse; or made. */
export type Proof = "refused" | "unreachable" | "open";

/** Tries whether the seal holds at a path, as a process that nothing allows. `pid`: our own. */
export function prove(seal: Seal, path: string, pid: number): Proof {
  const fd = unixSocket(false);
  if (fd < 0) return "unreachable";
  seal.probing(pid);
  try {
    if (connect(fd, unixAddress(path)) === 0) return "open";
    return errno() === EPERM ? "refused" : "unreachable";
  } finally {
    close(fd);
    seal.probing(0);
  }
}
