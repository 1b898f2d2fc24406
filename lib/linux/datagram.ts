import { errno, SystemError } from "./errno.ts";
import { libc } from "./libc.ts";

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

/** A close-on-exec unix datagram socket without a name. Throws a SystemError. */
export function datagramSocket(): number {
  const fd = libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) throw new SystemError("socket", "for datagrams", errno());
  return fd;
}

/** Sends one datagram without waiting (sendto(2)): bytes sent, or -1 and errno. */
export function sendDatagram(
  fd: number,
  bytes: Uint8Array<ArrayBuffer>,
  address: Uint8Array<ArrayBuffer>,
): number {
  const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
  return libc.sendto(fd, bytes, bytes.length, flags, address, address.length);
}
