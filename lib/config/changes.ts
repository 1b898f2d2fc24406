import type { Gate } from "../policy/types.ts";
import type { Config } from "./types.ts";

/** What is different about who may do what, in words; empty when nothing is. Listeners that come and go are not looked at. */
export function gateChanges(before: Gate, after: Gate): string[] {
  const changes = policyChanges(before.policies, after.policies);
  const were = before.clients.length;
  const are = after.clients.length;
  if (were !== are) changes.push(`${are} client rules instead of ${were}`);
  else if (differ(before.clients, after.clients)) changes.push("client rules changed");
  for (const name of Object.keys({ ...before.listenerPolicies, ...after.listenerPolicies })) {
    const was = before.listenerPolicies[name];
    const is = after.listenerPolicies[name];
    if (was !== is) changes.push(`listener ${name} has ${policyOf(is)} (had ${policyOf(was)})`);
  }
  if (before.defaultPolicy !== after.defaultPolicy) {
    changes.push(`default is ${after.defaultPolicy} (was ${before.defaultPolicy})`);
  }
  if (changes.length === 0 && differ(before, after)) changes.push("rules changed");
  return changes;
}

/** What is different about how many may be connected, in words. */
export function connectionChanges(before: Config, after: Config): string[] {
  const keys = {
    maxConnections: "max_connections",
    maxConnectionsPerUid: "max_connections_per_uid",
  } as const;
  return (Object.keys(keys) as (keyof typeof keys)[]).flatMap((key) =>
    before[key] === after[key]
      ? []
      : [`${keys[key]} is ${after[key] ?? "not set"} (was ${before[key] ?? "not set"})`]
  );
}

/** What is different about what the engine's plugin answers, in words. Whether there is one is not looked at. */
export function authzChanges({ authz: before }: Config, { authz: after }: Config): string[] {
  if (before === undefined || after === undefined) return [];
  return differ(before, { ...after, socket: before.socket }) ? ["authz changed"] : [];
}

/** The keys whose new values count only after a restart. */
export function restartKeys(running: Config, wanted: Config): string[] {
  const keys = { audit: "audit", workers: "workers", log: "log", runAs: "run_as" } as const;
  const changed: string[] = Object.entries(keys).flatMap(([key, written]) => {
    const name = key as keyof typeof keys;
    return differ(running[name], wanted[name]) ? [written] : [];
  });
  if (running.authz?.socket !== wanted.authz?.socket) changed.push("authz.socket");
  // Who is behind whom is decided when the gate opens.
  const [was, is] = [running.authz, wanted.authz];
  if (was?.seal !== is?.seal || (was?.seal === true && was.upstream !== is?.upstream)) {
    changed.push("authz.seal");
  }
  return changed;
}

function policyChanges(before: Gate["policies"], after: Gate["policies"]): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  const groups: [what: string, names: string[]][] = [
    ["changed", names.filter((name) => name in before && name in after)],
    ["added", names.filter((name) => !(name in before))],
    ["removed", names.filter((name) => !(name in after))],
  ];
  return groups.flatMap(([what, names]) => {
    const found = names.filter((name) => differ(before[name], after[name]));
    if (found.length === 0) return [];
    return [`${found.length === 1 ? "policy" : "policies"} ${found.join(", ")} ${what}`];
  });
}

function policyOf(name: string | undefined): string {
  return name === undefined ? "no policy" : `policy ${name}`;
}

/** Both are plain data, made by the same code: their keys stand in the same order. */
function differ(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) !== JSON.stringify(other);
}
