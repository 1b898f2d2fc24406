import { engineSockets, everyUpstream } from "../config/engine_sockets.ts";
import type { Facts } from "./part.ts";

/**
 * Every engine's socket that the gate stands before, the first one as it is on the host. Of the others a link is known: /var/run is
 * /run on every distribution with systemd (hier(7), file-hierarchy(7)), and the kernel's rules about files take no links.
 */
export function realSockets({ config, upstream }: Facts): string[] {
  return places(engineSockets(config), upstream);
}

/** Every socket that the gate connects to, those behind raw listeners too: they are other programs', and stay as they are. */
export function gateUpstreams({ config, upstream }: Facts): string[] {
  return places(everyUpstream(config), upstream);
}

function places([, ...others]: readonly string[], first: string): string[] {
  return [...new Set([first, ...others.map(withoutLink)])];
}

/** /var/run/docker.sock as /run/docker.sock. */
export function withoutLink(path: string): string {
  return path.replace(/^\/var\/run\//, "/run/");
}
