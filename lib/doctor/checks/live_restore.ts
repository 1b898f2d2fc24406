import { daemonOf } from "../daemon.ts";
import type { Check } from "../facts.ts";
import type { Finding } from "../finding.ts";
import { harden } from "../fixes.ts";

/** Whether containers go on while the engine restarts, as changes of its settings need. */
export const liveRestore: Check = {
  name: "live-restore",
  group: "engine",
  look(facts) {
    const { live, engines, sockets } = facts;
    return sockets.flatMap((real): Finding[] => {
      const { named } = real;
      const info = engines.find(({ socket }) => socket === named)?.info;
      const daemon = daemonOf(facts, real);
      if (info === undefined && (live || daemon === undefined)) return [];
      if (info?.isPodman) return [];
      if (info?.LiveRestoreEnabled ?? daemon?.setting("live-restore") === true) {
        return [{
          level: "fine",
          title: "live-restore: containers go on while the engine restarts",
        }];
      }
      return [{
        level: "advice",
        title:
          "a restart of the engine, as an upgrade brings, ends every container: live-restore is off",
        evidence: [
          info === undefined
            ? `${daemon!.origin}: no live-restore`
            : "GET /info: LiveRestoreEnabled is false",
        ],
        fix: [...harden(facts, "daemon")],
      }];
    });
  },
};
