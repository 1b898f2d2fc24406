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

type Call = (
  record: Uint8Array<ArrayBuffer>,
  text: Uint8Array<ArrayBuffer>,
  size: number,
  found: Uint8Array<ArrayBuffer>,
) => number;

/** The name service's entry through one of the `get…_r` calls, or undefined when there is none or it cannot be asked. */
function lookUp(call: Call): Entry | undefined {
  for (let size = 1024; size <= 1 << 20; size *= 4) {
    const record = new Uint8Array(64);
    const text = new Uint8Array(size);
    const found = new BigUint64Array(1);
    const status = call(record, text, size, new Uint8Array(found.buffer));
    if (status === ERANGE) continue;
    if (status !== 0 || found[0] === 0n) return undefined;
    const view = new DataView(record.buffer);
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
  return undefined;
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
