import type { Limits } from "../policy/constraints/types.ts";
import type { Assignment } from "../policy/types.ts";
import type { Exchange } from "./exchange.ts";
import { judgeAnew } from "./judge.ts";

const texts = new WeakMap<Limits, string>();

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
  const then = textOf(judgement.conditions?.constraints.limits);
  const limits = textOf(anew.conditions?.constraints.limits);
  if (limits === undefined || limits === then) return undefined;
  return revoked(now, `has other constraints for ${what} than when this began`);
}

/** Once for all exchanges that share them: a reload compares each that runs. */
function textOf(limits: Limits | undefined): string | undefined {
  if (limits === undefined) return undefined;
  let text = texts.get(limits);
  if (text === undefined) texts.set(limits, text = JSON.stringify(limits));
  return text;
}

/** `revoked: policy team-ci no longer allows containers.attach`. */
export function revoked({ policy }: Assignment, why: string): string {
  return `revoked: policy ${policy.name} ${why}`;
}
