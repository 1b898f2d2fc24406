import { type Daemon, daemonOf } from "./daemon.ts";
import type { Engine } from "./engine.ts";
import type { Facts, RealSocket } from "./facts.ts";

/** What is known of an engine's settings: by its own answer to GET /info, by what its daemon is started with, or both. */
export type Settings =
  & { readonly socket: RealSocket }
  & (
    | { readonly info: NonNullable<Engine["info"]>; readonly daemon: Daemon | undefined }
    | { readonly info: undefined; readonly daemon: Daemon }
  );

/** The settings of each real socket's engine. One that runs and does not answer is not judged by its files. */
export function settingsOf(facts: Facts): Settings[] {
  const { live, engines, sockets } = facts;
  return sockets.flatMap((socket): Settings[] => {
    const info = engines.find((engine) => engine.socket === socket.named)?.info;
    const daemon = daemonOf(facts, socket);
    if (info !== undefined) return [{ socket, info, daemon }];
    return live || daemon === undefined ? [] : [{ socket, info, daemon }];
  });
}
