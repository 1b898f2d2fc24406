import type { Peer } from "./peer.ts";

/** systemd's own relay, its socket opened by systemd's tool for trying socket activation. */
export const systemdProxy: Peer = {
  name: "systemd",
  about: "systemd-socket-proxyd, no rules",
  command: ({ socket, upstream }) => ({
    program: "/usr/bin/systemd-socket-activate",
    args: [`--listen=${socket}`, "/lib/systemd/systemd-socket-proxyd", "-c", "9000", upstream],
  }),
};
