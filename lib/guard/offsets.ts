import { type Btf, BTF_FUNC, BtfError, type Place } from "./btf.ts";

/** Where the program finds what it compares, in the running kernel's structures: offsets in bytes. */
export interface Offsets {
  /** The number of the hook's function type. */
  readonly hook: number;
  /** unix_sock.path.dentry: what the socket was bound to, null without a path. */
  readonly dentry: number;
  /** dentry.d_inode, .d_parent and .d_name.name. */
  readonly inode: number;
  readonly parent: number;
  readonly name: number;
  /** inode.i_ino, 8 bytes, and .i_sb. */
  readonly number: number;
  readonly superblock: number;
  /** super_block.s_dev, 4 bytes. */
  readonly device: number;
  /** task_struct.group_leader, and .start_boottime in nanoseconds. */
  readonly leader: number;
  readonly start: number;
}

/** The hook: security_unix_stream_connect(), which connect(2) and io_uring pass alike (net/unix/af_unix.c). */
const HOOK = "bpf_lsm_unix_stream_connect";

/** Finds them in the kernel's types. Throws a BtfError where the kernel is made in another way. */
export function findOffsets(btf: Btf): Offsets {
  const at = (struct: string, path: string, size: number) => {
    const place: Place = btf.place(struct, path);
    if (place.size === size) return place.offset;
    throw new BtfError(`this kernel's ${struct}.${path} has ${place.size} bytes, not ${size}`);
  };
  return {
    hook: btf.id(BTF_FUNC, HOOK),
    dentry: at("unix_sock", "path.dentry", 8),
    inode: at("dentry", "d_inode", 8),
    parent: at("dentry", "d_parent", 8),
    name: at("dentry", "d_name.name", 8),
    number: at("inode", "i_ino", 8),
    superblock: at("inode", "i_sb", 8),
    device: at("super_block", "s_dev", 4),
    leader: at("task_struct", "group_leader", 8),
    start: at("task_struct", "start_boottime", 8),
  };
}
