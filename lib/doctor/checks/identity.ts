import type { Check } from "../facts.ts";
import { readUnit } from "../units.ts";
import { describe } from "../wording.ts";
import { harden, startGate } from "../fixes.ts";

/** Whether the gate is root: it reads what everybody sends it. */
export const identity: Check = {
  name: "identity",
  group: "postern",
  look(facts) {
    const { host, accounts, configured: { file, config } } = facts;
    const own = [...facts.own, ...facts.contained];
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
          ? [
            "# as a service with a user of its own:",
            ...harden(facts, "systemd"),
            `# or write run_as: { user: NAME } into ${file} and start it again`,
          ]
          : ["# as it is configured now:", startGate(facts)],
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
      fix: [...harden(facts, "systemd")],
    }];
  },
};
