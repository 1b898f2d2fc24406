import { cString } from "./bytes.ts";
import { errno } from "./errno.ts";
import { libc } from "./libc.ts";

/** Somebody whom an access control list (acl(5)) names beside the owner, the group and the others. */
export interface AclEntry {
  readonly kind: "user" | "group";
  readonly id: number;
  /** Permission bits, r 4, w 2, x 1, as far as the list's mask leaves them. */
  readonly bits: number;
}

const NAME = "system.posix_acl_access";
const VERSION = 2;
const USER = 0x02;
const GROUP = 0x08;
const MASK = 0x10;

const ENODATA = 61;
const EOPNOTSUPP = 95;

/** As long as an attribute can be (XATTR_SIZE_MAX, linux/limits.h). */
const scratch = new Uint8Array(65_536);

/**
 * Whom a file's access control list names; none where it has no list, or its file system knows none. undefined and errno where it
 * cannot be read.
 */
export function aclOf(path: string): AclEntry[] | undefined {
  const n = libc.lgetxattr(cString(path), cString(NAME), scratch, scratch.length);
  if (n >= 0) return entriesIn(scratch.subarray(0, n));
  const code = errno();
  return code === ENODATA || code === EOPNOTSUPP ? [] : undefined;
}

/** struct posix_acl_xattr_header, then one posix_acl_xattr_entry after the other, little-endian (linux/posix_acl_xattr.h). */
export function entriesIn(bytes: Uint8Array): AclEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 4 || view.getUint32(0, true) !== VERSION) return [];
  const rows: { readonly tag: number; readonly bits: number; readonly id: number }[] = [];
  for (let at = 4; at + 8 <= bytes.length; at += 8) {
    rows.push({
      tag: view.getUint16(at, true),
      bits: view.getUint16(at + 2, true),
      id: view.getUint32(at + 4, true),
    });
  }
  const mask = rows.find(({ tag }) => tag === MASK)?.bits ?? 7;
  return rows.flatMap(({ tag, bits, id }): AclEntry[] =>
    tag === USER || tag === GROUP
      ? [{ kind: tag === USER ? "user" : "group", id, bits: bits & mask }]
      : []
  );
}
