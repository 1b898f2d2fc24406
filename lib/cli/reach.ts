import type { ListenerConfig } from "../config/types.ts";
import { formatMode } from "../config/mode.ts";
import { statusOf } from "../linux/file.ts";
import { isLoopback, parseAddress } from "../policy/address.ts";
import type { Peer } from "../policy/types.ts";

/**
 * Why a peer cannot even connect to a listener, `mode 0600, owner 0:0`; undefined when it can. Connecting takes the right
 * to write to the socket (unix(7)), by the owner's bits, the group's or those of others, the first that are about the peer.
 */
export function keptOut(
  listener: ListenerConfig,
  peer: Peer,
): string | undefined {
  if (listener.tcp !== undefined) return keptOutOfTcp(listener, peer);
  if (peer.address !== undefined) return "a unix socket, which no address reaches";
  // What the configuration does not say is as it was made, or as we would make it.
  const made = statusOf(listener.socket);
  const uid = listener.uid ?? made?.uid ?? Deno.uid() ?? 0;
  const gid = listener.gid ?? made?.gid ?? Deno.gid() ?? 0;
  const inGroup = peer.gid === gid || peer.groups?.includes(gid) === true;
  const shift = peer.uid === uid ? 6 : inGroup ? 3 : 0;
  const mayWrite = (listener.mode >> shift & 0o2) !== 0;
  return mayWrite || peer.uid === 0
    ? undefined
    : `mode ${formatMode(listener.mode)}, owner ${uid}:${gid}`;
}

/** Whoever has a uid is on this machine, and reaches every address of it; a certificate is another matter. */
function keptOutOfTcp({ tcp, tls }: ListenerConfig, peer: Peer): string | undefined {
  if (peer.address === undefined) return "TCP, where there are no uids; say --address A";
  if (tls !== undefined && peer.certificate === undefined) {
    return "mutual TLS, and no certificate; say --cert NAME";
  }
  const from = parseAddress(peer.address);
  if (tcp === undefined || from === undefined || !isLoopback(tcp.address) || isLoopback(from)) {
    return undefined;
  }
  return "a loopback address, which others cannot reach";
}
