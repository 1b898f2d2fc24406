import { type Daemon, daemonOf } from "./daemon.ts";
import type { Engine } from "./engine.ts";
import type { Facts } from "./facts.ts";

/** What is known of an engine's settings: by its own answer to GET /info, by what its daemon is started with, or both. */
export type Settings =
  | { readonly info: NonNullable<Engine["info"]>; readonly daemon: Daemon | undefined }
  | { readonly info: undefined; readonly daemon: Daemon };

/** The settings of each real socket's engine. One that runs and does not answer is not judged by its files. */
export function settingsOf(facts: Facts): Settings[] {
  const { live, engines, sockets } = facts;
  return sockets.flatMap((real): Settings[] => {
    const info = engines.find(({ socket }) => socket === real.named)?.info;
    const daemon = daemonOf(facts, real);
    if (info !== undefined) return [{ info, daemon }];
    return live || daemon === undefined ? [] : [{ info, daemon }];
  });
}
