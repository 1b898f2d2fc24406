import type { NameService } from "../config/types.ts";
import type { Manifest } from "./manifest.ts";
import { type Facts, Refused } from "./part.ts";

/** Accounts that are made by programs have lower numbers than people's (useradd(8), SYS_UID_MAX). */
const FIRST_PERSON = 1000;

interface Row {
  readonly name: string;
  readonly fields: readonly string[];
}

/**
 * The gate's user and the engine's group get what is root on this host. So where they were there before, the user must be one that
 * nobody logs in as, unless the configuration names it (run_as), and the group must have nobody else in it. Throws Refused.
 */
export function requireOwnAccounts(
  facts: Pick<Facts, "config" | "user" | "group" | "read">,
  names: Pick<NameService, "uidOf" | "gidOf">,
  manifest: Manifest | undefined,
): void {
  const { config, user, group, read } = facts;
  const users = rows(read("/etc/passwd"));
  const groups = rows(read("/etc/group"));
  const ours = [user, ...joined(manifest)];
  if (config.runAs === undefined && names.uidOf(user) !== undefined) {
    requireService(user, users, names.uidOf(user)!);
    requireAlone(user, ours, users, groups, names.gidOf(user));
  }
  requireAlone(group, ours, users, groups, names.gidOf(group));
}

function requireService(user: string, users: readonly Row[], uid: number): void {
  const row = users.find(({ name }) => name === user)?.fields;
  const shell = row?.[6] ?? "";
  const twin = users.find(({ name, fields }) => name !== user && Number(fields[2]) === uid);
  const why = row === undefined || Number(row[2]) !== uid
    ? "comes from elsewhere than /etc/passwd"
    : uid === 0 || uid >= FIRST_PERSON
    ? `has uid ${uid}, which is no service's`
    : !/\/(?:nologin|false)$/.test(shell)
    ? `logs in with ${shell || "the usual shell"}`
    : twin === undefined
    ? undefined
    : `has the same uid as ${twin.name}`;
  if (why === undefined) return;
  throw new Refused(
    `there is a user ${user} already that ${why}: whoever that is would be root by the engine's ` +
      "socket; name the gate's user in the configuration (run_as: { user: … }), or rename this one",
  );
}

function requireAlone(
  group: string,
  ours: readonly string[],
  users: readonly Row[],
  groups: readonly Row[],
  gid: number | undefined,
): void {
  if (gid === undefined) return;
  const row = groups.find(({ name }) => name === group)?.fields;
  if (row === undefined || Number(row[2]) !== gid) {
    throw new Refused(
      `there is a group ${group} already, from elsewhere than /etc/group: who is in it cannot be told`,
    );
  }
  const twin = groups.find(({ name, fields }) => name !== group && Number(fields[2]) === gid);
  if (twin !== undefined) {
    throw new Refused(`the groups ${group} and ${twin.name} have the same number, ${gid}`);
  }
  const members = (row[3] ?? "").split(",").filter((name) => name !== "");
  const first = users.filter(({ fields }) => Number(fields[3]) === gid).map(({ name }) => name);
  const others = [...new Set([...members, ...first])].filter((name) => !ours.includes(name));
  if (others.length === 0) return;
  throw new Refused(
    `${others.join(", ")} would come to the real socket by the group ${group}, which was there ` +
      `already: take ${others.length === 1 ? "it" : "them"} out (gpasswd --delete USER ${group})`,
  );
}

/** Whom an earlier apply has put into the group: one that is not the gate's user any more is taken out by the next. */
function joined(manifest: Manifest | undefined): string[] {
  return (manifest?.entries ?? []).flatMap((entry) =>
    entry.kind === "command" && entry.part === "sockets" &&
      /^user(?:add|mod)$/.test(entry.command[0]!)
      ? [entry.command.at(-1)!]
      : []
  );
}

function rows(text: string | undefined): Row[] {
  return (text ?? "").split("\n").map((line) => line.split(":"))
    .filter(([name]) => name !== "").map((fields) => ({ name: fields[0]!, fields }));
}
