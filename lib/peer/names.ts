import { groupId, groupName, loginGroups, userId, userName } from "../linux/nss.ts";
import { readSmallFile } from "../linux/proc.ts";

/** A name service may be a network away; a name that is a minute old still helps the reader of a message. */
const KEEP_MS = 60_000;
const MAX_NAMES = 4096;

type Entry = { readonly name: string | undefined; readonly until: number };

/** Names for ids, asked of NSS at most once a minute each. For messages and records only: rules are compared by number. */
export class NameCache {
  readonly #users = new Map<number, Entry>();
  readonly #groups = new Map<number, Entry>();

  user(uid: number): string | undefined {
    return remember(this.#users, uid, userName);
  }

  group(gid: number): string | undefined {
    return remember(this.#groups, gid, groupName);
  }
}

function remember(
  entries: Map<number, Entry>,
  id: number,
  ask: (id: number) => string | undefined,
): string | undefined {
  const now = Date.now();
  const entry = entries.get(id);
  if (entry !== undefined && entry.until > now) return entry.name;
  if (entries.size >= MAX_NAMES) entries.clear();
  const name = ask(id);
  entries.set(id, { name, until: now + KEEP_MS });
  return name;
}

/** The machine's users and groups, for resolving the names in a configuration. */
export const systemNames = {
  uidOf: userId,
  gidOf: groupId,
  loginGroups,
  /** For suggestions: only what the local files list, a directory service is not enumerated. */
  userNames: (): string[] => firstColumn("/etc/passwd"),
  groupNames: (): string[] => firstColumn("/etc/group"),
};

function firstColumn(file: string): string[] {
  const lines = (readSmallFile(file) ?? "").split("\n");
  return lines.map((line) => line.slice(0, Math.max(0, line.indexOf(":")))).filter((n) => n !== "");
}
