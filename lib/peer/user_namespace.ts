import { readSmallFile } from "../linux/proc.ts";

const ALL_IDS = 4294967295;

/**
 * The id that the kernel shows in place of one that has no mapping in our user namespace, or undefined when every id is
 * mapped, as it is outside user namespaces: there 65534 is simply the user nobody (user_namespaces(7)).
 */
export function overflowId(kind: "uid" | "gid"): number | undefined {
  const map = readSmallFile(`/proc/self/${kind}_map`);
  const whole = map?.trim().split(/\s+/);
  if (whole?.length === 3 && Number(whole[0]) === 0 && Number(whole[2]) >= ALL_IDS) {
    return undefined;
  }
  return Number(readSmallFile(`/proc/sys/kernel/overflow${kind}`) ?? 65534);
}
