import { basename, dirname } from "node:path";
import type { FileId } from "../../guard/layout.ts";
import type { FileStatus } from "../../linux/file.ts";
import type { Check, Facts, RealSocket } from "../facts.ts";
import type { Finding } from "../finding.ts";
import { harden } from "../fixes.ts";
import { settingsOf } from "../settings.ts";

const FILE = "/etc/docker/daemon.json";
const RESTART = "systemctl restart docker.service";

/** Whether the engine asks the plugin that the configuration opens. */
export const authorization: Check = {
  name: "authorization",
  group: "engine",
  look(facts) {
    const { live, configured: { file, config } } = facts;
    return settingsOf(facts).flatMap(({ socket, info, daemon }): Finding[] => {
      if (info?.isPodman) return [];
      const listed = daemon?.setting("authorization-plugins");
      const plugins = info?.authorization ?? (Array.isArray(listed) ? listed.map(String) : []);
      const told = info === undefined
        ? `${daemon.origin}: no authorization-plugins`
        : "GET /info: no Plugins.Authorization";
      const wanted = config?.authz?.upstream === socket.named
        ? basename(config.authz.socket).replace(/\.[^.]*$/, "")
        : undefined;
      if (wanted !== undefined && !plugins.includes(wanted)) {
        // After a reload dockerd asks, and its /info names those whom it was started with (moby, SetPlugins).
        if (Array.isArray(listed) && listed.includes(wanted)) {
          return [{
            level: "unknown",
            title:
              `whether the engine asks the plugin ${wanted}: it tells of it after its next start`,
            evidence: [`${FILE} names it, and GET /info does not`],
            fix: ["# where live-restore is on, containers go on meanwhile:", RESTART],
          }];
        }
        return [{
          level: "wrong",
          title:
            `postern.yaml has an authz section, and the engine does not ask the plugin ${wanted}`,
          evidence: [`it asks ${plugins.join(", ") || "nobody"}`],
          fix: [...harden(facts, "daemon")],
        }];
      }
      if (plugins.length > 0) {
        return [{
          level: "fine",
          title: `the engine asks its plugin ${plugins.join(", ")} about every request`,
        }];
      }
      if (live && isSealed(facts, socket)) {
        return [{
          level: "fine",
          title: "the kernel lets only those connect whom postern guard's seal names",
          evidence: ["it is pinned: postern guard --status"],
        }];
      }
      return [{
        level: "advice",
        title:
          "the engine serves whoever connects to it around the gate: it asks no authorization plugin",
        evidence: [told],
        fix: [
          `# write authz: and seal: true into ${
            file ?? "postern.yaml"
          } (postern authz --help), and then:`,
          ...harden(facts, "daemon"),
        ],
      }];
    });
  },
};

/** By the socket's file, or by its folder and name, which hold for one that is made anew. */
function isSealed({ host }: Facts, { path, status }: RealSocket): boolean {
  const seal = host.seal();
  if (seal === undefined || status === undefined) return false;
  const folder = host.behind(dirname(path));
  return seal.files.some((file) => isFile(file, status)) ||
    seal.names.some((one) =>
      one.name === basename(path) && folder !== undefined && isFile(one.folder, folder)
    );
}

/** The kernel's own numbers of devices have 20 bits of minor (linux/kdev_t.h). */
function isFile({ inode, device }: FileId, status: FileStatus): boolean {
  return inode === status.inode && `${device >> 20n}:${device & 0xfffffn}` === status.device;
}
