import type { Check } from "../facts.ts";
import type { Finding } from "../finding.ts";
import { settingsOf } from "../settings.ts";

/** Settings of the engine that leave less to whoever breaks out of a container. */
export const isolation: Check = {
  name: "isolation",
  group: "engine",
  look(facts) {
    return settingsOf(facts).flatMap(({ info, daemon }): Finding[] => {
      if (info?.isPodman) return [];
      const set = (name: string) => daemon?.setting(name);
      // GET /info of 20.10 does not tell it.
      const quiet = set("no-new-privileges") === true ||
        info?.SecurityOptions.includes("name=no-new-privileges") === true;
      const apart = set("icc") === false || set("bridge") === "none";
      const off = [
        ...(quiet
          ? []
          : ['"no-new-privileges": true is not set: set-user-ID programs work in containers']),
        ...(apart
          ? []
          : ['"icc": false is not set: containers on the default bridge reach each other']),
      ];
      if (off.length === 0) {
        return [{ level: "fine", title: "no-new-privileges is set, and icc is off" }];
      }
      return [{
        level: "advice",
        title: "the engine could keep containers apart better",
        evidence: off,
        fix: [
          "# write that into /etc/docker/daemon.json, and then: systemctl restart docker.service",
        ],
      }];
    });
  },
};
