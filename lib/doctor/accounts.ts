import type { NameService } from "../config/types.ts";
import type { Host } from "./host.ts";

/** A user of passwd(5). */
export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** The program that it gets at login; absent where only the name was asked for. */
  readonly shell?: string;
}

/** A group of group(5). */
export interface UserGroup {
  readonly name: string;
  readonly gid: number;
  /** Those that are listed with it; whose primary group it is is not among them. */
  readonly members: readonly string[];
}

/** The users and groups that the host's own files list. */
export interface Accounts {
  readonly users: readonly User[];
  readonly groups: readonly UserGroup[];
}

/** Reads /etc/passwd and /etc/group. */
export function accounts(host: Pick<Host, "read">): Accounts {
  return {
    users: rows(host.read("/etc/passwd")).flatMap((row) => userOf(row)),
    groups: rows(host.read("/etc/group")).flatMap((row) => groupOf(row)),
  };
}

/** A user from a line of passwd(5), as getent(1) prints it, too. */
export function userOf([name, , uid, gid, , , shell = ""]: readonly string[]): User[] {
  return name && uid && gid ? [{ name, uid: Number(uid), gid: Number(gid), shell }] : [];
}

/** A group from a line of group(5), as getent(1) prints it, too. */
export function groupOf([name, , gid, members]: readonly string[]): UserGroup[] {
  if (!name || !gid) return [];
  return [{ name, gid: Number(gid), members: (members ?? "").split(",").filter((m) => m !== "") }];
}

/** The fields of each line of such a file. */
export function rows(text: string | undefined): string[][] {
  return (text ?? "").split("\n").map((line) => line.split(":"));
}

/** A name, or the number where there is none. */
export function userNamed({ users }: Accounts, uid: number): string {
  return users.find((user) => user.uid === uid)?.name ?? String(uid);
}

export function groupNamed({ groups }: Accounts, gid: number): string {
  return groups.find((group) => group.gid === gid)?.name ?? String(gid);
}

/** The same files as a configuration's names are resolved against. */
export function nameService(known: Accounts): NameService {
  const { users, groups } = known;
  return {
    uidOf: (name) => users.find((user) => user.name === name)?.uid,
    gidOf: (name) => groups.find((group) => group.name === name)?.gid,
    loginGroups(uid) {
      const user = users.find((one) => one.uid === uid);
      if (user === undefined) return undefined;
      const listed = groups.filter(({ members }) => members.includes(user.name));
      return { gid: user.gid, groups: [user.gid, ...listed.map(({ gid }) => gid)] };
    },
    userNames: () => users.map(({ name }) => name),
    groupNames: () => groups.map(({ name }) => name),
  };
}
