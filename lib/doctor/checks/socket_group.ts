import { userNamed } from "../accounts.ts";
import type { Check, Facts, RealSocket } from "../facts.ts";
import type { Finding } from "../finding.ts";
import { asRoot, closes, line } from "../fixes.ts";
import { ownUsers } from "../gate_users.ts";
import { holdersOfGid, type Members, membersOfGid, programsOfGid } from "../group_members.ts";
import { describe, whoConnects } from "../wording.ts";

/** Who is in the group that may connect to the real socket: each of them is root. */
export const socketGroup: Check = {
  name: "socket-group",
  group: "real socket",
  async look(facts) {
    const open = facts.doors.filter(({ status }) => ((status?.mode ?? 0) & 0o020) !== 0);
    if (open.length > 0 && facts.accountsUnread !== undefined) throw facts.accountsUnread;
    return (await Promise.all(open.map((socket) => lookAt(facts, socket)))).flat();
  },
};

async function lookAt(facts: Facts, socket: RealSocket): Promise<Finding[]> {
  const { accounts } = facts;
  const { uid, gid } = socket.status!;
  const members = await membersOfGid(facts, gid);
  const { name, why } = members;
  const others = strangers(facts, [...why.keys()])
    .filter((member) => member !== userNamed(accounts, uid));
  const who = whoConnects(facts, socket);
  const findings: Finding[] = [];
  if (others.length > 0) {
    const many = others.length === 1
      ? "1 user of the group"
      : `${others.length} users of the group`;
    findings.push({
      level: "wrong",
      title: `${many} ${name} may connect to the real socket: being in it is being ${who}`,
      evidence: others.map((one) => `${one}: ${why.get(one)}`),
      fix: [...apart(facts, socket), ...others.flatMap((one) => takesOut(members, one))],
    });
  }
  findings.push(...otherWays(facts, socket, members, others));
  if (findings.length > 0) return findings;
  return [{
    level: "fine",
    title: `nobody but the gate and ${
      userNamed(accounts, uid)
    } is in the group ${name}, which may connect`,
  }];
}

/** How somebody has the group, or gets it, who is not in it. */
function otherWays(
  facts: Facts,
  socket: RealSocket,
  { name, passwords, unknown }: Members,
  told: readonly string[],
): Finding[] {
  const { accounts, host } = facts;
  const { uid, gid } = socket.status!;
  const processes = holdersOfGid(facts, gid, uid)
    .filter((process) => !told.includes(userNamed(accounts, process.uid!)));
  const programs = programsOfGid(facts, gid);
  return [
    ...(processes.length === 0 ? [] : [{
      level: "wrong" as const,
      title: `${processes.length === 1 ? "1 process has" : `${processes.length} processes have`} ` +
        `the group ${name}, which may connect, of users who are not in it`,
      evidence: processes.map((process) => `${describe(accounts, process)}: /proc/PID/status`),
      fix: ["# they keep it until they end:", ...processes.map(({ pid }) => `# kill ${pid}`)],
    }]),
    ...(programs.length === 0 ? [] : [{
      level: "wrong" as const,
      title: `programs give the group ${name}, which may connect, to whoever starts them`,
      evidence: programs.map((path) => `${path}: setgid`),
      fix: programs.map((path) => line("chmod", "g-s", host.root + path)),
    }]),
    ...passwords.map((group) => ({
      level: "wrong" as const,
      title: `whoever knows the password of the group ${group} may connect to the real socket`,
      evidence: ["/etc/gshadow, or /etc/group: it has a password (newgrp(1))"],
      fix: [line("gpasswd", "-r", host.root === "" ? [] : ["-Q", host.root], group)],
    })),
    ...(unknown.length === 0 ? [] : [{
      level: "unknown" as const,
      title: `who else is in the group ${name}, which may connect to the real socket`,
      evidence: unknown,
      fix: host.uid === 0 ? apart(facts, socket) : [asRoot(facts)],
    }]),
  ];
}

function apart(facts: Facts, socket: RealSocket): string[] {
  const first = socket.beside === undefined
    ? ["# gives the socket to a group of the gate's own:"]
    : [];
  return [...first, ...closes(facts, socket)];
}

function takesOut({ listed }: Members, member: string): string[] {
  const group = listed.get(member);
  return group === undefined
    ? []
    : [`# or takes ${member} out: ${line("gpasswd", "-d", member, group)}`];
}

/** Without root and the gate's own user. */
export function strangers(facts: Facts, members: readonly string[]): string[] {
  const gate = ["root", ...ownUsers(facts).map((uid) => userNamed(facts.accounts, uid))];
  return members.filter((member) => !gate.includes(member));
}
