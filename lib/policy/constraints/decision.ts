import { changeable } from "../decide.ts";
import type { Decision, Policy } from "../types.ts";
import type { Constraints, Finding } from "./types.ts";

/** Why a request that the policy's rules allow is refused for what is in it, in the words of every other decision. */
export function decisionOf(
  policy: Policy,
  operation: string,
  { origins }: Constraints,
  { constraint, reason, hint }: Extract<Finding, { ok: false }>,
): Extract<Decision, { allow: false }> {
  if (constraint === undefined) {
    return { allow: false, policy: policy.name, rule: `constraints of ${operation}`, reason, hint };
  }
  const change = `"constraints: {${operation}: {${hint}}}" in ${changeable(policy)}`;
  return {
    allow: false,
    policy: policy.name,
    rule: origins[constraint] ?? `safe defaults of ${operation}`,
    reason: `${constraint}: ${reason}`,
    hint: hint === "" ? "no policy can allow it" : `${change} would permit it`,
  };
}
