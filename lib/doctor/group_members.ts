import { groupNamed, groupOf, rows, type User, userOf } from "./accounts.ts";
import type { Facts } from "./facts.ts";
import { gateUids } from "./gate_users.ts";
import { hasHostRoot } from "./own_processes.ts";
import { type Host, Unreadable } from "./host.ts";
import { attempt, type Process } from "./processes.ts";

/** Everybody who has a group, or can come to have it. */
export interface Members {
  /** Its first name, or its number. */
  readonly name: string;
  /** Why each of them has it, by name. */
  readonly why: ReadonlyMap<string, string>;
  /** Those whom `gpasswd -d` takes out, with the name of the group. */
  readonly listed: ReadonlyMap<string, string>;
  /** Names of it that have a password, with which everybody gets it (newgrp(1)). */
  readonly passwords: readonly string[];
  /** What keeps others from being known, a line each. */
  readonly unknown: readonly string[];
}

/**
 * Who is in the groups of this number: as listed under any name of it, by his primary group, as an administrator of it (gshadow(5)),
 * by the host's directory services (getent(1)), which are not asked below a root.
 */
export async function membersOfGid(facts: Facts, gid: number): Promise<Members> {
  const { host, accounts, live } = facts;
  const groups = accounts.groups.filter((group) => group.gid === gid);
  const known = { name: groupNamed(accounts, gid), gid };
  const service = new DirectoryService(host);
  const keys = [...groups.map(({ name }) => name), String(gid)];
  const asked = live ? await groupsOf(service, keys) : [];
  const everywhere = asked.filter((group) => group.gid === gid);
  const names = new Set([...groups, ...everywhere].map(({ name }) => name));
  const shadow = shadowOf(facts, names);
  const why = new Map<string, string>();
  const add = (members: readonly string[], reason: string) =>
    members.forEach((member) => why.has(member) || why.set(member, reason));
  const listed = new Map(groups.flatMap(({ name, members }) => members.map((one) => [one, name])));
  groups.forEach(({ name, members }) =>
    add(members, `listed in /etc/group${name === known.name ? "" : ` (${name}, the same number)`}`)
  );
  add(primaries(accounts.users, gid), "it is the primary group (/etc/passwd)");
  shadow.rows.forEach(({ administrators, members }) => {
    add(members, "listed in /etc/gshadow");
    add(administrators, "administers the group, and can add himself (/etc/gshadow)");
  });
  add(everywhere.flatMap(({ members }) => members), "by a directory service (getent)");
  if (live) {
    const users = (await service.rows("passwd")).flatMap((row) => userOf(row));
    add(primaries(users, gid), "it is the primary group, by a directory service (getent)");
  }
  return {
    name: known.name,
    why,
    listed,
    passwords: shadow.rows.filter(({ password }) => /^[^!*x]/.test(password)).map(({ name }) =>
      name
    ),
    unknown: [...shadow.unknown, ...servicesOf(facts), ...service.unknown],
  };
}

/**
 * Processes of others than the gate that have the group now, whatever the accounts say of them, such as those of older sessions. In
 * a container, which has another root, the number is another group's.
 */
export function holdersOfGid(facts: Facts, gid: number, owner: number): Process[] {
  const { host, processes } = facts;
  const trusted = gateUids(facts);
  // Anybody may name a cgroup of his own as a container's is.
  const isElsewhere = ({ pid, container }: Process) =>
    container !== undefined && !hasHostRoot(host, pid);
  return processes.filter((process) => {
    const { gids, uid } = process;
    const has = gids?.has(gid) === true && uid !== undefined && uid !== owner && !trusted.has(uid);
    return has && !isElsewhere(process);
  });
}

/** Where packages and administrators put programs (hier(7)). */
const PROGRAMS = ["bin", "sbin", "libexec", "games", "local/bin", "local/sbin"].map((name) =>
  `/usr/${name}`
).concat("/bin", "/sbin");

/** Programs that give the group to whoever starts them (inode(7), S_ISGID), in the folders that programs are in. */
export function programsOfGid({ host }: Facts, gid: number): string[] {
  const folders = PROGRAMS.filter((folder) => attempt(() => host.link(folder)) === undefined);
  return folders.flatMap((folder) =>
    (attempt(() => host.list(folder)) ?? []).map((name) => `${folder}/${name}`).filter((path) => {
      const status = attempt(() => host.status(path));
      return status?.isRegular === true && status.gid === gid && (status.mode & 0o2010) === 0o2010;
    })
  );
}

async function groupsOf(service: DirectoryService, keys: readonly string[]) {
  const answers = [await service.rows("group")];
  for (const key of keys) answers.push(await service.rows("group", key));
  return answers.flat().flatMap((row) => groupOf(row));
}

/** What the host's name services list (getent(1)). After an answer that fails they are asked nothing more. */
class DirectoryService {
  readonly unknown: string[] = [];
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  async rows(database: string, ...keys: readonly string[]): Promise<string[][]> {
    if (this.unknown.length > 0) return [];
    const answer = await this.#host.run("getent", [database, ...keys]);
    if (answer === undefined) return [];
    // 2: there is no such key.
    if (answer.code !== 0 && answer.code !== 2) {
      const why = answer.stderr.trim().split("\n")[0] || `it ends with ${answer.code}`;
      this.unknown.push(`${["getent", database, ...keys].join(" ")}: ${why}`);
    }
    return rows(answer.stdout);
  }
}

function primaries(users: readonly User[], gid: number): string[] {
  return users.filter((user) => user.gid === gid).map(({ name }) => name);
}

interface Shadow {
  readonly name: string;
  readonly password: string;
  readonly administrators: readonly string[];
  readonly members: readonly string[];
}

/** From gshadow(5), and the passwords of group(5) where there is none of them there. */
function shadowOf(
  { host }: Facts,
  names: ReadonlySet<string>,
): { readonly rows: readonly Shadow[]; readonly unknown: readonly string[] } {
  const ofGroups = rows(attempt(() => host.read("/etc/group"))).flatMap(([name, password = ""]) =>
    name && names.has(name) ? [{ name, password, administrators: [], members: [] }] : []
  );
  try {
    const found = rows(host.read("/etc/gshadow")).flatMap(
      ([name, password = "", administrators, members]) =>
        name && names.has(name)
          ? [{ name, password, administrators: list(administrators), members: list(members) }]
          : [],
    );
    return { rows: [...ofGroups, ...found], unknown: [] };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    const why =
      `${error.message}: it tells who administers the group, and whether it has a password`;
    return { rows: ofGroups, unknown: [why] };
  }
}

/** Services of nsswitch.conf(5) that tell of everybody whom they know; `systemd` has users of services, and of homes here. */
const COMPLETE = new Set(["files", "systemd"]);

function servicesOf({ host, live }: Facts): string[] {
  const text = attempt(() => host.read("/etc/nsswitch.conf")) ?? "";
  return text.split("\n").flatMap((line): string[] => {
    const [, database, words] = /^\s*(passwd|group|initgroups)\s*:([^#]*)/.exec(line) ?? [];
    if (database === undefined) return [];
    const others = words!.replace(/\[[^\]]*\]/g, " ").split(/\s+/).filter((word) =>
      word !== "" && !COMPLETE.has(word)
    );
    if (others.length === 0) return [];
    return [
      `/etc/nsswitch.conf: ${database}: ${others.join(" ")}` +
      (live ? ", which need not list everybody" : ", which is not asked below a root"),
    ];
  });
}

function list(names: string | undefined): string[] {
  return (names ?? "").split(",").filter((name) => name !== "");
}
