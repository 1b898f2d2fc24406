import { deny } from "../policy/builtin.ts";
import type { AuthzSettings } from "../config/types.ts";
import type { Assignment, Peer, Policy } from "../policy/types.ts";
import type { PluginRequest } from "./protocol.ts";

/** What is known of a client that the engine asks about, and what it may do. */
export interface Known {
  readonly peer: Peer;
  readonly assignment: Assignment;
}

/** Finds the policy of whom the engine names. */
export type Assign = (request: Pick<PluginRequest, "user" | "authMethod">) => Known;

/** Answers by the names of certificates. One without a common name is a certificate all the same, and not anonymous. */
export function assigning(
  { anonymous, users, defaultPolicy }: AuthzSettings,
  policies: Readonly<Record<string, Policy>>,
): Assign {
  const assignment = (name: string, rule: string): Assignment => {
    const policy = Object.hasOwn(policies, name) ? policies[name] : undefined;
    // The loader has checked every name; a hole here must not become an allow.
    return policy === undefined
      ? { policy: deny, rule: `${rule}: no policy ${name}` }
      : { policy, rule };
  };
  const nobody: Known = { peer: {}, assignment: assignment(anonymous, "authz.anonymous") };
  const others = assignment(defaultPolicy, "authz.default");
  const known = new Map(users.map(({ name, policy, origin }) => [
    name,
    { peer: { user: name }, assignment: assignment(policy, `authz user ${origin}`) },
  ]));
  return ({ user, authMethod }) =>
    user === "" && authMethod === ""
      ? nobody
      : known.get(user) ?? { peer: { user }, assignment: others };
}
