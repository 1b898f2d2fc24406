import { membersOf } from "../accounts.ts";
import type { Check, Facts } from "../facts.ts";
import type { Finding } from "../finding.ts";
import { harden } from "../fixes.ts";
import { realPath } from "../paths.ts";
import { readUnit, type Unit } from "../units.ts";
import { strangers } from "./socket_group.ts";

/** What systemd makes the real socket's mode and group when it opens it the next time. */
export const socketUnit: Check = {
  name: "socket-unit",
  group: "real socket",
  look(facts) {
    if (facts.accountsUnread !== undefined) throw facts.accountsUnread;
    return ["docker.socket", "podman.socket"].flatMap((name) => {
      const unit = readUnit(facts.host, name);
      const ours = unit?.values("ListenStream").some((path) =>
        path.startsWith("/") &&
        facts.sockets.some((socket) => realPath(facts.host, path) === socket.path)
      );
      return unit === undefined || !ours ? [] : lookAt(facts, name, unit);
    });
  },
};

function lookAt(facts: Facts, name: string, unit: Unit): Finding[] {
  const last = (key: string, otherwise: string) => unit.values(key).at(-1) ?? otherwise;
  // systemd.socket(5): 0666 and root unless said.
  const mode = last("SocketMode", "0666");
  const group = last("SocketGroup", "root");
  const evidence = [
    `${[unit.file, ...unit.dropIns].join(", ")}: SocketMode=${mode} SocketGroup=${group}`,
  ];
  const fix = [...harden(facts, "sockets")];
  if ((Number.parseInt(mode, 8) & 0o002) !== 0) {
    const title = `${name} opens the real socket to everybody at its next start`;
    return [{ level: "wrong", title, evidence, fix }];
  }
  const open = strangers(facts, membersOf(facts.accounts, groupCalled(facts, group)));
  const status = facts.sockets.find(({ status }) => status !== undefined)?.status;
  const now = facts.accounts.groups.find(({ gid }) => gid === status?.gid)?.name;
  // Where the socket itself has that group, another check has told who is in it.
  if (open.length > 0 && now !== group) {
    const title = `${name} gives the real socket to the group ${group} at its next start: ` +
      `${open.join(", ")} would be root`;
    return [{ level: "wrong", title, evidence, fix }];
  }
  return [{ level: "fine", title: `${name} keeps it at ${mode}, group ${group}` }];
}

function groupCalled({ accounts }: Facts, name: string) {
  return accounts.groups.find((group) => group.name === name) ?? { name, gid: -1, members: [] };
}
