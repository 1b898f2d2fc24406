import { cString } from "./bytes.ts";
import { ERANGE } from "./errno.ts";
import { libc } from "./libc.ts";

// struct passwd and struct group both begin with the name; the id stands behind two pointers, and a user's group behind
// that (<pwd.h>, <grp.h>, LP64).
const ID_OFFSET = 16;
const PRIMARY_GROUP_OFFSET = 20;
const HOME_OFFSET = 32;

interface Entry {
  readonly name: string;
  readonly id: number;
  /** Of users only. */
  readonly primaryGroup: number;
  /** Of users only. */
  readonly home: string | undefined;
}

/** A `get…_r` call: into a record and its texts, where `found` gets the record's address; 0 or an errno. */
type Call<T> = (
  record: Uint8Array<ArrayBuffer>,
  text: Uint8Array<ArrayBuffer>,
  size: number,
  found: Uint8Array<ArrayBuffer>,
) => T;

/** What one call writes to. */
class Room {
  readonly #record = new Uint8Array(64);
  readonly #text: Uint8Array<ArrayBuffer>;
  readonly #found = new BigUint64Array(1);

  constructor(size: number) {
    this.#text = new Uint8Array(size);
  }

  call<T>(call: Call<T>): T {
    return call(this.#record, this.#text, this.#text.length, new Uint8Array(this.#found.buffer));
  }

  /** The entry that the call has found; undefined where there is none or it cannot be asked for. */
  entry(status: number): Entry | undefined {
    if (status !== 0 || this.#found[0] === 0n) return undefined;
    const view = new DataView(this.#record.buffer);
    const name = Deno.UnsafePointer.create(view.getBigUint64(0, true));
    if (name === null) return undefined;
    // A group's record ends before it, in zeros.
    const home = Deno.UnsafePointer.create(view.getBigUint64(HOME_OFFSET, true));
    return {
      name: Deno.UnsafePointerView.getCString(name),
      id: view.getUint32(ID_OFFSET, true),
      primaryGroup: view.getUint32(PRIMARY_GROUP_OFFSET, true),
      home: home === null ? undefined : Deno.UnsafePointerView.getCString(home),
    };
  }
}

const FIRST_SIZE = 1024;
const LAST_SIZE = 1 << 20;

/** The name service's entry through one of the `get…_r` calls, or undefined when there is none or it cannot be asked. */
function lookUp(call: Call<number>): Entry | undefined {
  for (let size = FIRST_SIZE; size <= LAST_SIZE; size *= 4) {
    const room = new Room(size);
    const status = room.call(call);
    if (status !== ERANGE) return room.entry(status);
  }
  return undefined;
}

/** As `lookUp`, on another thread: a name service may be a network away, and take seconds. */
async function lookUpAside(call: Call<Promise<number>>): Promise<Entry | undefined> {
  for (let size = FIRST_SIZE; size <= LAST_SIZE; size *= 4) {
    const room = new Room(size);
    const status = await room.call(call);
    if (status !== ERANGE) return room.entry(status);
  }
  return undefined;
}

/** getpwuid_r(3) on another thread: the user's name, undefined when unknown. */
export async function userNameAside(uid: number): Promise<string | undefined> {
  return (await lookUpAside((r, t, n, f) => libc.getpwuidOnThread(uid, r, t, n, f)))?.name;
}

/** getgrgid_r(3) on another thread: the group's name, undefined when unknown. */
export async function groupNameAside(gid: number): Promise<string | undefined> {
  return (await lookUpAside((r, t, n, f) => libc.getgrgidOnThread(gid, r, t, n, f)))?.name;
}

/** getpwuid_r(3): the user's name, undefined when unknown. */
export function userName(uid: number): string | undefined {
  return lookUp((r, t, n, f) => libc.getpwuid_r(uid, r, t, n, f))?.name;
}

/** getpwuid_r(3): the user's home directory, undefined when unknown. */
export function homeOf(uid: number): string | undefined {
  return lookUp((r, t, n, f) => libc.getpwuid_r(uid, r, t, n, f))?.home;
}

/** getgrgid_r(3): the group's name, undefined when unknown. */
export function groupName(gid: number): string | undefined {
  return lookUp((r, t, n, f) => libc.getgrgid_r(gid, r, t, n, f))?.name;
}

/** getpwnam_r(3): the user's id, undefined when unknown. */
export function userId(name: string): number | undefined {
  return lookUp((r, t, n, f) => libc.getpwnam_r(cString(name), r, t, n, f))?.id;
}

/** getgrnam_r(3): the group's id, undefined when unknown. */
export function groupId(name: string): number | undefined {
  return lookUp((r, t, n, f) => libc.getgrnam_r(cString(name), r, t, n, f))?.id;
}

/**
 * The groups that a login would give to a user: the primary one and the supplementary ones, the primary among them
 * (getgrouplist(3)). Undefined for a uid that has no name.
 */
export function loginGroups(uid: number): { gid: number; groups: number[] } | undefined {
  const entry = lookUp((r, t, n, f) => libc.getpwuid_r(uid, r, t, n, f));
  if (entry === undefined) return undefined;
  const gid = entry.primaryGroup;
  const count = new Int32Array([64]);
  const countBytes = new Uint8Array(count.buffer);
  while (true) {
    const room = count[0]!;
    const groups = new Uint32Array(room);
    const bytes = new Uint8Array(groups.buffer);
    if (libc.getgrouplist(cString(entry.name), gid, bytes, countBytes) >= 0) {
      return { gid, groups: Array.from(groups.subarray(0, count[0])) };
    }
    // Too few: the count that is needed stands there now.
    if (count[0]! <= room) return { gid, groups: [] };
  }
}
