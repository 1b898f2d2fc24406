import type { Facts } from "./part.ts";

const FEATURES = "/sys/kernel/security/apparmor/features";
const abiFile = (version: string) => `/etc/apparmor.d/abi/${version}`;

/** The newest abi of rules that the parser here and these profiles know; before AppArmor 3 there was none. */
export function abiOf({ exists }: Pick<Facts, "exists">): "5.0" | "3.0" | undefined {
  return exists(abiFile("5.0")) ? "5.0" : exists(abiFile("3.0")) ? "3.0" : undefined;
}

/**
 * Whether profiles decide who connects to a socket with a file. Ubuntu's kernels have that since long (features/network/af_unix);
 * Linux has it since 6.17, for rules of abi 5.0 only (features/network_v9/af_unix, security/apparmor/af_unix.c). Every other
 * kernel lets each connect pass. Undefined below another root, where there is no kernel to ask.
 */
export function decidesConnects(facts: Pick<Facts, "exists">): boolean | undefined {
  const { exists } = facts;
  if (!exists("/sys/module")) return undefined;
  return exists(`${FEATURES}/network/af_unix`) ||
    (exists(`${FEATURES}/network_v9/af_unix`) && abiOf(facts) === "5.0");
}
