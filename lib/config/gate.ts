import type { ClientRule, Gate, Policy } from "../policy/types.ts";
import { clientRule, type ClientScope } from "./clients.ts";
import type { Path, YamlFile } from "./document.ts";
import type { Placed } from "./listeners.ts";
import type { KnownPolicies, PolicyFile } from "./policies.ts";
import { policyHint } from "./presets.ts";
import type { LooseConfig } from "./schema.ts";

/** What a gate is built from. */
export interface GateParts {
  readonly yaml: YamlFile;
  readonly data: LooseConfig;
  readonly listeners: readonly Placed[];
  readonly files: readonly PolicyFile[];
  readonly known: KnownPolicies;
  /** Whether every policy could be read: if not, an unknown name is not a mistake of its own. */
  readonly complete: boolean;
}

/** Who gets which policy: the config file's client rules, then those of the policy files, listeners, the default. */
export function resolveGate(parts: GateParts, scope: ClientScope): Gate {
  const { yaml, data, files, known } = parts;
  const rules: ClientRule[] = [];
  for (const [index, client] of (data.clients ?? []).entries()) {
    const path = ["clients", index];
    if (client === undefined) continue;
    requirePolicy(parts, client.policy, [...path, "policy"], scope);
    rules.push(clientRule(yaml, path, client, client.policy ?? "deny", scope));
  }
  for (const { yaml, data } of files) {
    for (const [index, client] of (data.clients ?? []).entries()) {
      if (client === undefined) continue;
      rules.push(clientRule(yaml, ["clients", index], client, data.name ?? "deny", scope));
    }
  }
  requirePolicy(parts, data.default, ["default"], scope);
  return {
    clients: rules,
    listenerPolicies: listenerPolicies(parts, scope),
    defaultPolicy: data.default ?? "deny",
    policies: known.policies,
  };
}

function listenerPolicies(parts: GateParts, scope: ClientScope): Record<string, string> {
  const { yaml, data, listeners, known: { policies } } = parts;
  for (const [index, entry] of (data.listeners ?? []).entries()) {
    const name = entry?.policy;
    const path = ["listeners", index, "policy"];
    requirePolicy(parts, name, path, scope);
    const policy = name !== undefined && Object.hasOwn(policies, name) ? policies[name] : undefined;
    if (entry?.protocol !== "raw" || policy === undefined || suitsRaw(policy)) continue;
    const message = `a raw listener cannot have the policy ${name}: there are no requests to ` +
      "judge, so it must be full, deny or one that allows raw.connect";
    scope.report(yaml.atValue("raw-policy", path, message));
  }
  return Object.fromEntries(
    listeners.flatMap(({ listener, policy }) =>
      policy === undefined ? [] : [[listener.name, policy]]
    ),
  );
}

function suitsRaw({ name, verdicts }: Policy): boolean {
  return name === "full" || name === "deny" || verdicts["raw.connect"]?.allow === true;
}

/** Reports a policy that nobody knows. */
export function requirePolicy(
  { yaml, known, complete }: GateParts,
  name: string | undefined,
  path: Path,
  { report }: ClientScope,
): void {
  if (name === undefined || known.names.includes(name) || !complete) return;
  const message = `unknown policy ${JSON.stringify(name)}`;
  report(yaml.atValue("unknown-policy", path, message, policyHint(name, known.names)));
}
