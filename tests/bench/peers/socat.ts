import type { Peer } from "./peer.ts";

/** The command that Postern replaces, as people write it. */
export const socat: Peer = {
  name: "socat",
  about: "socat with fork, its own backlog of 5",
  command: ({ socket, upstream }) => ({
    program: "/usr/bin/socat",
    args: [`UNIX-LISTEN:${socket},mode=600,fork`, `UNIX-CONNECT:${upstream}`],
  }),
};
