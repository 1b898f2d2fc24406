import type { Assignment } from "../policy/types.ts";
import type { Exchange } from "./exchange.ts";
import { judgeAnew } from "./judge.ts";

/**
 * Why an exchange that runs would not be begun under the rules of now, or undefined. What its body and its names were held against
 * is gone: constraints that differ from those of then count as a no.
 */
export function revocation(
  now: Assignment,
  { head, judgement }: Pick<Exchange, "head" | "judgement">,
): string | undefined {
  const anew = judgeAnew(now, head.method, head.target);
  const what = judgement.operation?.name ?? "it";
  if (anew.status !== 0) return revoked(now, `no longer allows ${what}`);
  if (now.policy.mode === "warn") return undefined;
  const then = JSON.stringify(judgement.conditions?.constraints.limits);
  const limits = JSON.stringify(anew.conditions?.constraints.limits);
  if (limits === undefined || limits === then) return undefined;
  return revoked(now, `has other constraints for ${what} than when this began`);
}

/** `revoked: policy team-ci no longer allows containers.attach`. */
export function revoked({ policy }: Assignment, why: string): string {
  return `revoked: policy ${policy.name} ${why}`;
}
