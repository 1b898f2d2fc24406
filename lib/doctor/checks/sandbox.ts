import type { Check } from "../facts.ts";
import { harden, line } from "../fixes.ts";
import { readUnit } from "../units.ts";

/** What systemd-analyze(1) may say of a unit that harden wrote. */
const MOST = 1.5;

/** How much of the host the gate's unit leaves open to it. */
export const sandbox: Check = {
  name: "sandbox",
  group: "postern",
  async look(facts) {
    const { host, configured: { config } } = facts;
    const unit = readUnit(host, "postern.service");
    const hasSystemd = host.list("/usr/lib/systemd/system") !== undefined ||
      host.list("/lib/systemd/system") !== undefined;
    if (config === undefined || !hasSystemd) return [];
    const fix = [...harden(facts, "systemd")];
    if (unit === undefined) {
      return [{
        level: "advice",
        title: "nothing starts the gate at boot, nor keeps it in a sandbox",
        evidence: [
          "there is no postern.service in /etc/systemd/system or where packages put theirs",
        ],
        fix,
      }];
    }
    // A unit is named by its path, with its drop-ins beside it.
    const answer = await host.run("systemd-analyze", [
      "security",
      "--no-pager",
      "--offline=true",
      ...(host.root === "" ? [] : [`--root=${host.root}`]),
      host.root === "" ? unit.file : "postern.service",
    ]);
    const exposure = /Overall exposure level for \S+: ([0-9.]+)/.exec(answer?.stdout ?? "")?.[1];
    if (exposure === undefined) {
      return [{
        level: "unknown",
        title: "how well postern.service is sandboxed: systemd-analyze does not tell",
        evidence: [answer?.stderr.trim().split("\n").at(-1) || "systemd-analyze is not installed"],
        fix: [line("systemd-analyze", "security", "--offline=true", unit.file)],
      }];
    }
    if (Number(exposure) <= MOST) {
      return [{ level: "fine", title: `postern.service is sandboxed: exposure ${exposure} of 10` }];
    }
    return [{
      level: "advice",
      title:
        `postern.service leaves more open than the gate needs: exposure ${exposure} of 10, and ${MOST} is enough`,
      evidence: [[unit.file, ...unit.dropIns].join(", ")],
      fix,
    }];
  },
};
