import type { Peer } from "./peer.ts";

/** The relay that anybody would write first, on the same runtime. */
export const nodeNet: Peer = {
  name: "node:net",
  about: "Deno with node:net, a rule for the first request only",
  command: ({ socket, upstream }) => ({
    program: Deno.execPath(),
    args: ["run", "-A", new URL("./node_net_relay.ts", import.meta.url).pathname, socket, upstream],
  }),
};
