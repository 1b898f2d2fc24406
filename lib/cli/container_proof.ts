import type { Config } from "../config/types.ts";
import type { ThreadStatus } from "../linux/thread_status.ts";
import type { Notice } from "./privileges.ts";

/** CAP_SYS_PTRACE: without it only the descriptors of one's own user's processes can be seen (proc(5), ptrace(2)). */
const SYS_PTRACE = 1n << 19n;

/**
 * A warning where rules ask for a client's container and Postern may not look at the processes of other users, for those whose
 * configuration does not show it: `check` tells what comes of run_as.
 */
export function containerProof(
  { gate, listeners, runAs }: Pick<Config, "gate" | "listeners" | "runAs">,
  threads: readonly Pick<ThreadStatus, "effective">[],
): Notice[] {
  if (runAs !== undefined || threads.every(({ effective }) => mayTrace(effective))) return [];
  const names = listeners.filter(({ tcp }) => tcp !== undefined).map(({ name }) => name);
  const rules = gate.clients.filter(({ containers, labels, listeners: named }) =>
    (containers !== undefined || labels !== undefined) &&
    names.some((name) => named?.includes(name) ?? true)
  );
  if (rules.length === 0) return [];
  const which = rules.length === 1 ? `client rule ${rules[0]!.origin}` : "client rules";
  const text =
    `${which} about containers: without CAP_SYS_PTRACE Postern sees the connections of its own user's ` +
    "containers alone, as under a rootless engine; those of others get deny";
  return [{ level: "warning", text }];
}

function mayTrace(effective: string): boolean {
  return (BigInt(`0x${effective}`) & SYS_PTRACE) !== 0n;
}
