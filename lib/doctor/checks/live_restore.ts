import type { Check } from "../facts.ts";
import type { Finding } from "../finding.ts";
import { settingsOf } from "../settings.ts";
import { harden } from "../fixes.ts";

/** Whether containers go on while the engine restarts, as changes of its settings need. */
export const liveRestore: Check = {
  name: "live-restore",
  group: "engine",
  look(facts) {
    return settingsOf(facts).flatMap(({ info, daemon }): Finding[] => {
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
            ? `${daemon.origin}: no live-restore`
            : "GET /info: LiveRestoreEnabled is false",
        ],
        fix: [...harden(facts, "daemon")],
      }];
    });
  },
};
