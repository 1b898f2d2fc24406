import { groupId, groupName, loginGroups, userId, userName } from "../linux/nss.ts";
import { readSmallFile } from "../linux/proc.ts";
import { LocalNames } from "./local_names.ts";

/** A name that is a minute old still helps the reader of a message. */
const KEEP_MS = 60_000;
const MAX_NAMES = 4096;

/** Whose name is wanted. */
export interface NameQuestion {
  readonly kind: "user" | "group";
  readonly id: number;
}

type Entry = { readonly name: string | undefined; readonly until: number };

/**
 * Names for ids. For messages and records only: rules are compared by number. What the local files do not list is a name service's,
 * which may be a network away: it is asked at most once a minute for each id.
 */
export class NameCache {
  readonly #users = { entries: new Map<number, Entry>(), local: new LocalNames("/etc/passwd") };
  readonly #groups = { entries: new Map<number, Entry>(), local: new LocalNames("/etc/group") };
  readonly #ask: (question: NameQuestion) => void;

  /**
   * With `ask`, nobody waits for a name service: it must return at once, and what comes of it is for `learn`. Until then there is no
   * name. Without it the service is waited for.
   */
  constructor(ask?: (question: NameQuestion) => void) {
    this.#ask = ask ?? ((question) => this.learn(question, nameOf(question)));
  }

  user(uid: number): string | undefined {
    return this.#name({ kind: "user", id: uid });
  }

  group(gid: number): string | undefined {
    return this.#name({ kind: "group", id: gid });
  }

  /** What the name service says; undefined for an id without a name. */
  learn({ kind, id }: NameQuestion, name: string | undefined): void {
    keep(this.#of(kind).entries, id, name);
  }

  #name(question: NameQuestion): string | undefined {
    const { id, kind } = question;
    const { entries, local } = this.#of(kind);
    const entry = entries.get(id);
    if (entry !== undefined && entry.until > Date.now()) return entry.name;
    const listed = local.name(id);
    // Until there is an answer, what was known before is more than nothing.
    keep(entries, id, listed ?? entry?.name);
    if (listed === undefined) this.#ask(question);
    return entries.get(id)?.name;
  }

  #of(kind: NameQuestion["kind"]) {
    return kind === "user" ? this.#users : this.#groups;
  }
}

function nameOf({ kind, id }: NameQuestion): string | undefined {
  return kind === "user" ? userName(id) : groupName(id);
}

function keep(entries: Map<number, Entry>, id: number, name: string | undefined): void {
  if (entries.size >= MAX_NAMES) entries.clear();
  entries.set(id, { name, until: Date.now() + KEEP_MS });
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
