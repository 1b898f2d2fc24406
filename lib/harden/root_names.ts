import type { NameService } from "../config/types.ts";

/** The users and groups of a tree below a root: those of its own files (passwd(5), group(5)). */
export function namesOf(read: (path: string) => string | undefined): NameService & {
  userName(uid: number): string | undefined;
} {
  const rows = (path: string) =>
    (read(path) ?? "").split("\n").map((line) => line.split(":")).filter(([name]) => name !== "");
  const users = () => rows("/etc/passwd");
  const groups = () => rows("/etc/group");
  const id = (text: string | undefined) => text === undefined ? undefined : Number(text);
  const idIn = (all: string[][], name: string) => id(all.find(([one]) => one === name)?.[2]);
  return {
    uidOf: (name) => idIn(users(), name),
    gidOf: (name) => idIn(groups(), name),
    userName: (uid) => users().find((row) => Number(row[2]) === uid)?.[0],
    loginGroups(uid) {
      const user = users().find((row) => Number(row[2]) === uid);
      if (user === undefined) return undefined;
      const gid = Number(user[3]);
      const more = groups().filter((row) => row[3]?.split(",").includes(user[0]!) === true)
        .map((row) => Number(row[2]));
      return { gid, groups: [...new Set([gid, ...more])] };
    },
    userNames: () => users().map(([name]) => name!),
    groupNames: () => groups().map(([name]) => name!),
  };
}
