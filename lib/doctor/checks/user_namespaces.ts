import type { Check } from "../facts.ts";
import type { Finding } from "../finding.ts";
import { settingsOf } from "../settings.ts";

/** Whose root a container's root is: with user namespaces, or a rootless engine, not the host's. */
export const userNamespaces: Check = {
  name: "user-namespaces",
  group: "engine",
  look(facts) {
    return settingsOf(facts).flatMap(({ info, daemon }): Finding[] => {
      const options = info?.SecurityOptions ?? [];
      const has = (name: string) => options.some((option) => option.includes(`name=${name}`));
      const remapped = daemon?.setting("userns-remap");
      if (info?.isRootless) {
        return [{
          level: "fine",
          title: "the engine is rootless: root in a container is its user",
        }];
      }
      if (info === undefined ? Boolean(remapped) : has("userns")) {
        const told = typeof remapped === "string" ? ` (userns-remap: ${remapped})` : "";
        return [{ level: "fine", title: `root in a container is nobody on the host${told}` }];
      }
      return [{
        level: "advice",
        title: "root in a container is root on the host: no userns-remap, and not rootless",
        evidence: [
          info === undefined
            ? `${daemon.origin}: no userns-remap`
            : `GET /info: SecurityOptions ${options.join(" ") || "none"}`,
        ],
        fix: info?.isPodman
          ? ["# let Podman run as a user of its own (rootless), or containers with --userns=auto"]
          : [
            '# write "userns-remap": "default" into /etc/docker/daemon.json, and then: systemctl restart ' +
            "docker.service; the engine begins without images and containers, which come back without it",
          ],
      }];
    });
  },
};
