import { daemonOf } from "../daemon.ts";
import type { Check } from "../facts.ts";
import type { Finding } from "../finding.ts";

/** Settings of the engine that leave less to whoever breaks out of a container. */
export const isolation: Check = {
  name: "isolation",
  group: "engine",
  look({ live, engines, sockets, daemons }) {
    return sockets.flatMap(({ named }): Finding[] => {
      const info = engines.find(({ socket }) => socket === named)?.info;
      const daemon = daemonOf(daemons, named);
      if (info === undefined && (live || daemon === undefined)) return [];
      const set = (name: string) => daemon?.setting(name);
      const options = info?.SecurityOptions ?? [];
      const has = (name: string) => options.some((option) => option.includes(`name=${name}`));
      const off = [
        ...(has("userns") || has("rootless") || set("userns-remap") ? [] : [
          'userns-remap: root in a container is root on the host ("userns-remap": "default", or a rootless engine; both begin with no images)',
        ]),
        ...(has("no-new-privileges") || set("no-new-privileges") === true ? [] : [
          'no-new-privileges: set-user-ID programs work in containers ("no-new-privileges": true)',
        ]),
        ...(set("icc") === false
          ? []
          : ['icc: containers on the default bridge reach each other ("icc": false)']),
      ];
      if (off.length === 0) {
        const title = "user namespaces, no-new-privileges and icc are as they should be";
        return [{ level: "fine", title }];
      }
      const names = off.map((line) => line.slice(0, line.indexOf(":"))).join(", ");
      return [{
        level: "advice",
        title: `the engine could keep containers apart better: ${names}`,
        evidence: off,
        fix: "write them into /etc/docker/daemon.json, one at a time, and restart docker",
      }];
    });
  },
};
