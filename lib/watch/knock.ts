import { close } from "../linux/io.ts";
import { accept, connect, unixAddress, unixSocket } from "../linux/socket.ts";

/** Makes a system call of each of the two kinds that are watched; both fail, and nobody hears of them but who watches. */
export function knock(): void {
  const fd = unixSocket(false);
  if (fd < 0) return;
  // A folder is no socket: ECONNREFUSED (unix(7)). What is not listening accepts nothing: EINVAL (accept(2)).
  connect(fd, unixAddress("/"));
  accept(fd);
  close(fd);
}
