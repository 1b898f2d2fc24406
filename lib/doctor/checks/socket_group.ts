import { GATE_USER } from "../../harden/names.ts";
import { groupNamed, groupOf, membersOf, type UserGroup, userNamed } from "../accounts.ts";
import type { Check, Facts, RealSocket } from "../facts.ts";
import type { Finding } from "../finding.ts";
import { harden, line } from "../fixes.ts";
import { whoConnects } from "../wording.ts";

/** Who is in the group that may connect to the real socket: each of them is root. */
export const socketGroup: Check = {
  name: "socket-group",
  group: "real socket",
  async look(facts) {
    if (facts.accountsUnread !== undefined) throw facts.accountsUnread;
    const open = facts.sockets.filter(({ status }) => ((status?.mode ?? 0) & 0o020) !== 0);
    return (await Promise.all(open.map((socket) => lookAt(facts, socket)))).flat();
  },
};

async function lookAt(facts: Facts, socket: RealSocket): Promise<Finding[]> {
  const { accounts } = facts;
  const { uid, gid } = socket.status!;
  const name = groupNamed(accounts, gid);
  const listed = accounts.groups.find((group) => group.gid === gid);
  const group = await fromEverywhere(facts, name) ?? listed ?? { name, gid, members: [] };
  const all = [...new Set([...membersOf(accounts, group), ...(listed?.members ?? [])])];
  const others = strangers(facts, all).filter((member) => member !== userNamed(accounts, uid));
  if (others.length === 0) {
    return [{
      level: "fine",
      title: `nobody but the gate and ${
        userNamed(accounts, uid)
      } is in the group ${name}, which may connect`,
    }];
  }
  const many = others.length === 1 ? "1 user of the group" : `${others.length} users of the group`;
  return [{
    level: "wrong",
    title: `${many} ${name} may connect to the real socket: being in it is being ${
      whoConnects(facts, socket)
    }`,
    evidence: others.map((one) => `${one}: ${whyIn(facts, one, listed)}`),
    fix: [
      "# gives the socket to a group of the gate's own:",
      ...harden(facts, "sockets"),
      ...others.filter((one) => listed?.members.includes(one))
        .map((one) => `# or takes ${one} out: ${line("gpasswd", "-d", one, name)}`),
    ],
  }];
}

function whyIn({ accounts }: Facts, member: string, listed: UserGroup | undefined): string {
  if (listed?.members.includes(member)) return "listed in /etc/group";
  const isPrimary = accounts.users.some(({ name, gid }) => name === member && gid === listed?.gid);
  return isPrimary ? "it is the primary group (/etc/passwd)" : "by a directory service (getent)";
}

/** With the directory services that NSS knows (getent(1)); the files alone below a root. */
async function fromEverywhere({ host, live }: Facts, name: string) {
  if (!live) return undefined;
  const answer = await host.run("getent", ["group", name]);
  return answer?.code === 0 ? groupOf(answer.stdout.trim().split(":"))[0] : undefined;
}

/** Without root and the gate's own user. */
export function strangers(
  { accounts, configured: { config } }: Facts,
  members: readonly string[],
): string[] {
  const gate = new Set([
    "root",
    GATE_USER,
    ...(config?.runAs === undefined ? [] : [userNamed(accounts, config.runAs.uid)]),
  ]);
  return members.filter((member) => !gate.has(member));
}
