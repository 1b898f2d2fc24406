import type { Check } from "../facts.ts";
import { readUnit } from "../units.ts";
import { describe } from "../wording.ts";

/** Whether the gate is root: it reads what everybody sends it. */
export const identity: Check = {
  name: "identity",
  group: "postern",
  look({ host, own, accounts, configured: { config } }) {
    if (config === undefined) return [];
    const roots = own.filter(({ uid }) => uid === 0);
    if (roots.length > 0) {
      return [{
        level: config.runAs === undefined ? "advice" : "wrong",
        title: config.runAs === undefined
          ? "the gate runs as root"
          : "the gate runs as root, though the configuration has run_as",
        evidence: roots.map((process) => describe(accounts, process)),
        fix: config.runAs === undefined
          ? "write run_as: { user: postern } into the configuration and restart; or: postern harden apply --only systemd"
          : "systemctl restart postern",
      }];
    }
    const names = [
      ...new Set(
        own.map(({ uid }) => accounts.users.find((user) => user.uid === uid)?.name ?? uid),
      ),
    ];
    if (names.length > 0) return [{ level: "fine", title: `the gate runs as ${names.join(", ")}` }];
    if (config.runAs !== undefined) {
      return [{ level: "fine", title: "run_as: the gate gives root up" }];
    }
    const unit = readUnit(host, "postern.service");
    if (unit === undefined) return [];
    const user = unit.values("User").at(-1) ?? "root";
    if (user !== "root") return [{ level: "fine", title: `postern.service runs as ${user}` }];
    return [{
      level: "advice",
      title: "postern.service runs as root",
      evidence: [unit.file],
      fix: "postern harden apply --only systemd",
    }];
  },
};
