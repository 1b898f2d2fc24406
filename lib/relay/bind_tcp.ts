import { EACCES, errno, SystemError } from "../linux/errno.ts";
import { close } from "../linux/io.ts";
import { bind, listen } from "../linux/socket.ts";
import { tcpAddress, type TcpEnd, tcpSocket, tuneConnections } from "../linux/tcp.ts";
import { BindError, type BoundSocket } from "./bind.ts";

const EADDRINUSE = 98;
const EADDRNOTAVAIL = 99;

/** What a listener on TCP needs of its configuration. */
export interface TcpBindRequest {
  readonly tcp: TcpEnd;
  /** As messages name it: `tcp://127.0.0.1:2375`. */
  readonly socket: string;
  readonly backlog: number;
}

/**
 * Opens a listening socket of TCP; `tcp://[::]` takes clients of both families. Throws a BindError that says what to do, or a
 * SystemError.
 */
export function bindTcp({ tcp, socket: place, backlog }: TcpBindRequest): BoundSocket {
  const both = tcp.address.length === 16 && tcp.address.every((byte) => byte === 0);
  const fd = tcpSocket(tcp, both);
  if (fd < 0) throw new SystemError("socket", place, errno());
  try {
    tuneConnections(fd);
    if (bind(fd, tcpAddress(tcp)) < 0) throw unbound(place, tcp.port, errno());
    // Another one may have bound the same address meanwhile, as SO_REUSEADDR allows, and listen already (tcp(7)).
    if (listen(fd, backlog) < 0) throw unbound(place, tcp.port, errno());
    return { fd, path: place };
  } catch (error) {
    close(fd);
    throw error;
  }
}

function unbound(place: string, port: number, code: number): Error {
  switch (code) {
    case EADDRINUSE:
      return new BindError(
        `${place} is in use: \`ss -ltnp sport = :${port}\` says by whom; ` +
          "stop that program or choose another port",
      );
    case EADDRNOTAVAIL:
      return new BindError(
        `${place} cannot be opened: no interface of this machine has that address`,
      );
    case EACCES:
      return new BindError(
        `${place} cannot be opened: ports below 1024 need root or CAP_NET_BIND_SERVICE; choose another`,
      );
    default:
      return new SystemError("bind", place, code);
  }
}
