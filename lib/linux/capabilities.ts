import { addressOf } from "./bytes.ts";
import { libc } from "./libc.ts";

const X86 = Deno.build.arch === "x86_64";
const SYS_CAPGET = X86 ? 125n : 90n;
const SYS_CAPSET = X86 ? 126n : 91n;
/** _LINUX_CAPABILITY_VERSION_3: sets of 64 bits, in two halves. */
const VERSION = 0x20080522;

const PR_CAPBSET_DROP = 24;
const PR_GET_SECUREBITS = 27;
const PR_SET_SECUREBITS = 28;
const PR_CAP_AMBIENT = 47;
const RAISE = 2n;
/** SECBIT_NOROOT and SECBIT_NOROOT_LOCKED. */
const NOROOT_LOCKED = 1 | 2;

/** The highest capability there can be: the kernel keeps 64 bits, and refuses those that it does not know (capabilities(7)). */
const LAST = 63;

// struct __user_cap_data_struct, twice: which of three sets a 32-bit half stands for.
const PERMITTED = 1;
const INHERITABLE = 2;

/**
 * What the calling thread executes has those of its capabilities that are `kept`, in the ambient set, which goes with the last
 * user id that is 0. From then on nothing that is executed has any: the bounding set is empty, root is nobody special
 * (SECBIT_NOROOT, capabilities(7)), and the inheritable set, which stays, counts only for a file that asks for it. Where a sandbox
 * refuses that, the bounding set is what is kept; without CAP_SETPCAP nothing changes: there is less to lose, then.
 */
export function carryOver(kept: ReadonlySet<number>): void {
  const carried = raise(kept) && renounceRoot();
  for (let capability = 0; capability <= LAST; capability++) {
    if (!carried && kept.has(capability)) continue;
    libc.prctl(PR_CAPBSET_DROP, BigInt(capability), 0n, 0n, 0n);
  }
}

/** Makes what is kept inheritable and ambient; false where the kernel does not let it. */
function raise(kept: ReadonlySet<number>): boolean {
  const header = new Uint32Array([VERSION, 0]);
  const sets = new Uint32Array(6);
  if (libc.syscall(SYS_CAPGET, addressOf(header), addressOf(sets), 0n) < 0) return false;
  const half = (capability: number) => (capability >> 5) * 3;
  const bit = (capability: number) => 1 << (capability & 31);
  const held = [...kept].filter((one) => (sets[half(one) + PERMITTED]! & bit(one)) !== 0);
  sets[INHERITABLE] = sets[3 + INHERITABLE] = 0;
  for (const capability of held) sets[half(capability) + INHERITABLE]! |= bit(capability);
  return libc.syscall(SYS_CAPSET, addressOf(header), addressOf(sets), 0n) === 0 &&
    held.every((one) => libc.prctl(PR_CAP_AMBIENT, RAISE, BigInt(one), 0n, 0n) === 0);
}

/** From now on being root brings no capability, for good; false where the kernel does not let it. */
function renounceRoot(): boolean {
  const bits = BigInt(libc.prctl(PR_GET_SECUREBITS, 0n, 0n, 0n, 0n) | NOROOT_LOCKED);
  return libc.prctl(PR_SET_SECUREBITS, bits, 0n, 0n, 0n) === 0;
}
