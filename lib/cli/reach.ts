import type { ListenerConfig } from "../config/types.ts";
import { formatMode } from "../config/mode.ts";
import { statusOf } from "../linux/file.ts";
import type { Peer } from "../policy/types.ts";

/**
 * Why a peer cannot even connect to a listener, `mode 0600, owner 0:0`; undefined when it can. Connecting takes the right
 * to write to the socket (unix(7)), by the owner's bits, the group's or those of others, the first that are about the peer.
 */
export function keptOut(
  listener: ListenerConfig,
  peer: Peer & { uid: number },
): string | undefined {
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
