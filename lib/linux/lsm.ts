import { addressOf } from "./bytes.ts";
import { libc } from "./libc.ts";
import { readSmallFile } from "./proc.ts";

/** Calls from 424 on have the same number everywhere (Linux 6.8). */
const SYS_LSM_LIST_MODULES = 461n;
/** LSM_ID_BPF (include/uapi/linux/lsm.h). */
const BPF = 109n;
const MOST = 64;

/**
 * Whether the kernel asks BPF programs about security: `bpf` is in CONFIG_LSM, or in lsm= on its command line. Undefined where it
 * does not tell: without securityfs before Linux 6.8.
 */
export function bpfDecides(): boolean | undefined {
  const names = readSmallFile("/sys/kernel/security/lsm");
  if (names !== undefined) return names.trim().split(",").includes("bpf");
  const ids = new BigUint64Array(MOST);
  const size = new Uint32Array([ids.byteLength]);
  const count = libc.syscall(SYS_LSM_LIST_MODULES, addressOf(ids), addressOf(size), 0n);
  return count < 0 ? undefined : ids.subarray(0, count).includes(BPF);
}
