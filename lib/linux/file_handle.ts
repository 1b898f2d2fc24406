import { addressOf } from "./bytes.ts";
import { libc } from "./libc.ts";

const SYS_OPEN_BY_HANDLE_AT = Deno.build.arch === "aarch64" ? 265n : 304n;
/** A handle of kernfs: 64 bits that are the inode's number (FILEID_KERNFS, include/linux/exportfs.h). */
const FILEID_KERNFS = 0xfe;
const O_PATH = 0o10000000n;
const O_CLOEXEC = 0o2000000n;

/**
 * A descriptor of the file of this number, for its path alone (open_by_handle_at(2)), in a file system of kernfs's, such as cgroup2,
 * of which `mount` is a descriptor. -1 and errno on failure: ESTALE when it is gone. Takes CAP_DAC_READ_SEARCH.
 */
export function openKernfs(mount: number, inode: bigint): number {
  const handle = new DataView(new ArrayBuffer(16));
  handle.setUint32(0, 8, true);
  handle.setInt32(4, FILEID_KERNFS, true);
  handle.setBigUint64(8, inode, true);
  return libc.syscall(
    SYS_OPEN_BY_HANDLE_AT,
    BigInt(mount),
    addressOf(handle),
    O_PATH | O_CLOEXEC,
  );
}
