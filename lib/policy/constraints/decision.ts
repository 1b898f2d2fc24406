import { changeable } from "../decide.ts";
import type { Decision, Policy } from "../types.ts";
import type { Constraints, Finding } from "./types.ts";

/** A hint repeats what the client wrote, which can be as long as a body. */
const LONGEST_HINT = 600;

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
  const short = hint.length > LONGEST_HINT ? `${hint.slice(0, LONGEST_HINT)}…` : hint;
  const change = `"constraints: {${operation}: {${short}}}" in ${changeable(policy)}`;
  return {
    allow: false,
    policy: policy.name,
    rule: origins[constraint] ?? `safe defaults of ${operation}`,
    reason: `${constraint}: ${reason}`,
    hint: hint === "" ? "no policy can allow it" : `${change} would permit it`,
  };
}
