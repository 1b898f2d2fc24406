import { haproxySilent } from "../peers/haproxy.ts";
import { nginx } from "../peers/nginx.ts";
import { nodeNet } from "../peers/node_net.ts";
import { posternSilent } from "../peers/postern.ts";
import { socat } from "../peers/socat.ts";
import { systemdProxy } from "../peers/systemd.ts";

/** Those that judge what passes. */
export const gates = [posternSilent, haproxySilent, nginx, nodeNet];
/** Every relay once, without a log. */
export const relays = [...gates, socat, systemdProxy];
