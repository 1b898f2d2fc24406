import { close } from "./io.ts";
import { libc } from "./libc.ts";

const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_TYPE = 3;
const SO_KEEPALIVE = 9;
const SO_ACCEPTCONN = 30;
const SO_DOMAIN = 39;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const TCP_KEEPIDLE = 4;
const TCP_KEEPINTVL = 5;
const TCP_KEEPCNT = 6;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;
/** Any port would do. */
const DISCARD = 9;

/** A silent peer is asked after so many seconds, so often, and is gone after as many questions without an answer (tcp(7)). */
const KEEPALIVE = { idle: 30, interval: 15, count: 3 };

/** One end of a TCP connection, or where somebody listens: the bytes of its address, 4 or 16, and its port. */
export interface TcpEnd {
  readonly address: readonly number[];
  readonly port: number;
}

const number = new Int32Array(1);
const numberBytes = new Uint8Array(number.buffer);
const length = new Uint32Array(1);
const lengthBytes = new Uint8Array(length.buffer);
const place = new Uint8Array(128);
const placeView = new DataView(place.buffer);

/** sockaddr_in (ip(7)) or sockaddr_in6 (ipv6(7)). */
export function tcpAddress({ address, port }: TcpEnd): Uint8Array<ArrayBuffer> {
  const v4 = address.length === 4;
  const bytes = new Uint8Array(v4 ? 16 : 28);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, v4 ? AF_INET : AF_INET6, true);
  view.setUint16(2, port);
  bytes.set(address, v4 ? 4 : 8);
  return bytes;
}

/**
 * A non-blocking, close-on-exec socket that may take a port whose last connections are still dying. One of IPv6 takes clients of
 * IPv4, too, where `both` is set. -1 and errno on failure.
 */
export function tcpSocket({ address }: TcpEnd, both: boolean): number {
  const v4 = address.length === 4;
  const kind = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
  const fd = libc.socket(v4 ? AF_INET : AF_INET6, kind, 0);
  if (fd < 0) return fd;
  set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (!v4) set(fd, IPPROTO_IPV6, IPV6_V6ONLY, both ? 0 : 1);
  return fd;
}

/**
 * Whether an address is one of this machine's: only to those the kernel would go by that same address. Nothing is sent (udp(7)).
 * True, too, where the kernel cannot tell.
 */
export function isOwnAddress(address: readonly number[]): boolean {
  const fd = libc.socket(address.length === 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return true;
  const to = tcpAddress({ address, port: DISCARD });
  const from = libc.connect(fd, to, to.length) < 0 ? undefined : boundEnd(fd);
  close(fd);
  return from === undefined || from.address.every((byte, at) => byte === address[at]);
}

/** What a listening socket leaves to the connections that it takes: small answers leave at once, and a peer that vanished is noticed. */
export function tuneConnections(fd: number): void {
  set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE.idle);
  set(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE.interval);
  set(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE.count);
}

/** Whether a descriptor is a TCP socket that listens (sd_is_socket_inet(3)). */
export function listensOnTcp(fd: number): boolean {
  const domain = get(fd, SO_DOMAIN);
  return (domain === AF_INET || domain === AF_INET6) && get(fd, SO_TYPE) === SOCK_STREAM &&
    get(fd, SO_ACCEPTCONN) === 1;
}

/** Whether a socket of IPv6 takes no clients of IPv4; true for one of IPv4. */
export function takesOneFamily(fd: number): boolean {
  if (get(fd, SO_DOMAIN) !== AF_INET6) return true;
  length[0] = 4;
  return libc.getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, numberBytes, lengthBytes) < 0 ||
    number[0] !== 0;
}

/** The other end of a connection (getpeername(2)); undefined when it is gone, or the socket is not of TCP. */
export function peerEnd(fd: number): TcpEnd | undefined {
  length[0] = place.length;
  return libc.getpeername(fd, place, lengthBytes) < 0 ? undefined : endIn(length[0]!);
}

/** Where a socket is bound (getsockname(2)). */
export function boundEnd(fd: number): TcpEnd | undefined {
  length[0] = place.length;
  return libc.getsockname(fd, place, lengthBytes) < 0 ? undefined : endIn(length[0]!);
}

function endIn(filled: number): TcpEnd | undefined {
  const family = filled < 8 ? 0 : placeView.getUint16(0, true);
  if (family !== AF_INET && family !== AF_INET6) return undefined;
  const address = family === AF_INET ? place.slice(4, 8) : place.slice(8, 24);
  return { address: [...address], port: placeView.getUint16(2) };
}

function set(fd: number, level: number, name: number, value: number): void {
  number[0] = value;
  libc.setsockopt(fd, level, name, numberBytes, 4);
}

function get(fd: number, name: number): number | undefined {
  length[0] = 4;
  return libc.getsockopt(fd, SOL_SOCKET, name, numberBytes, lengthBytes) < 0
    ? undefined
    : number[0]!;
}
