import type { Check, Facts } from "../facts.ts";
import type { Finding } from "../finding.ts";
import { harden } from "../fixes.ts";
import { membersOfGid } from "../group_members.ts";
import { realPath } from "../paths.ts";
import { startedAt } from "../socket_units.ts";
import { readUnit, type Unit } from "../units.ts";
import { strangers } from "./socket_group.ts";

/** What systemd makes the real socket's mode and group when it opens it the next time. */
export const socketUnit: Check = {
  name: "socket-unit",
  group: "real socket",
  async look(facts) {
    const found = ["docker.socket", "podman.socket"].map((name) => {
      const unit = readUnit(facts.host, name);
      const ours = startedAt(facts.host, name).some((path) =>
        facts.sockets.some((socket) => realPath(facts.host, path) === socket.path)
      );
      return unit === undefined || !ours ? [] : lookAt(facts, name, unit);
    });
    return (await Promise.all(found)).flat();
  },
};

async function lookAt(facts: Facts, name: string, unit: Unit): Promise<Finding[]> {
  if (facts.accountsUnread !== undefined) throw facts.accountsUnread;
  const last = (key: string, otherwise: string) => unit.values(key).at(-1) ?? otherwise;
  // systemd.socket(5): 0666 and root unless said.
  const mode = last("SocketMode", "0666");
  const group = last("SocketGroup", "root");
  const user = last("SocketUser", "root");
  const evidence = [
    `${
      [unit.file, ...unit.dropIns].join(", ")
    }: SocketMode=${mode} SocketUser=${user} SocketGroup=${group}`,
  ];
  const fix = [...harden(facts, "sockets")];
  if ((Number.parseInt(mode, 8) & 0o002) !== 0) {
    const title = `${name} opens the real socket to everybody at its next start`;
    return [{ level: "wrong", title, evidence, fix }];
  }
  // Whoever owns it can open it to everybody.
  if (user !== "0" && strangers(facts, [user]).length > 0) {
    const title =
      `${name} gives the real socket to the user ${user} at its next start, who would be root`;
    return [{ level: "wrong", title, evidence, fix }];
  }
  const status = facts.sockets.find(({ status }) => status !== undefined)?.status;
  const gid = facts.accounts.groups.find((one) => one.name === group)?.gid ??
    (/^\d+$/.test(group) ? Number(group) : undefined);
  // Where the socket itself has that group, another check has told who is in it.
  if ((Number.parseInt(mode, 8) & 0o020) !== 0 && (gid === undefined || status?.gid !== gid)) {
    const members = gid === undefined ? undefined : await membersOfGid(facts, gid);
    const open = strangers(facts, [...members?.why.keys() ?? []]);
    const unknown = members?.unknown ?? [`/etc/group does not list ${group}`];
    const title = `${name} gives the real socket to the group ${group} at its next start: `;
    if (open.length > 0) {
      return [{ level: "wrong", title: `${title}${open.join(", ")} would be root`, evidence, fix }];
    }
    if (members !== undefined && members.passwords.length > 0) {
      const who = "whoever knows its password would be root";
      return [{ level: "wrong", title: title + who, evidence, fix }];
    }
    if (unknown.length > 0) {
      const why = [...evidence, ...unknown];
      return [{ level: "unknown", title: `${title}who is in it`, evidence: why, fix }];
    }
  }
  return [{ level: "fine", title: `${name} keeps it at ${mode}, group ${group}` }];
}
