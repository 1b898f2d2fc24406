import { safeConstraints } from "../policy/layers.ts";
import { operations } from "../policy/operations.ts";
import type { Operation, Policy, Verdict } from "../policy/types.ts";
import { decideByRules, type EnvDecision, type Flavour } from "./env_rules.ts";
import { examplesOf } from "./samples.ts";

/**
 * The policy that says what the rules of an image say with these variables on. The images judge nothing but methods and paths, and
 * so does it, unless `safe` holds what is allowed against the safe defaults.
 */
export function envPolicy(flavour: Flavour, on: ReadonlySet<string>, safe: boolean): Policy {
  const verdicts = operations.map((operation) =>
    [operation.name, verdictOn(operation, flavour, on, safe)] as const
  );
  return { name: flavour.name, mode: "enforce", verdicts: Object.fromEntries(verdicts) };
}

/** The variable that opens an operation; undefined where it is closed. */
export function openedBy(
  flavour: Flavour,
  on: ReadonlySet<string>,
  operation: Operation,
): string | undefined {
  const decision = best(flavour, on, operation);
  return decision?.allow === true ? decision.variable : undefined;
}

function verdictOn(
  operation: Operation,
  flavour: Flavour,
  on: ReadonlySet<string>,
  safe: boolean,
): Verdict {
  const decision = best(flavour, on, operation);
  if (decision === undefined || (!decision.allow && decision.missing.length === 0)) {
    return {
      allow: false,
      rule: "environment",
      reason: "no variable opens it",
      hint: "`postern import` makes a configuration of the environment, where it can be allowed",
    };
  }
  if (!decision.allow) {
    const missing = decision.missing.map((name) => `${name}=1`).join(" and ");
    const hint = `${missing} in the environment would permit it`;
    return { allow: false, rule: "environment", reason: "the environment does not open it", hint };
  }
  const constraints = safe ? safeConstraints(operation.name) : undefined;
  return {
    allow: true,
    rule: `environment ${decision.variable}=1`,
    ...(constraints === undefined ? {} : { constraints }),
  };
}

/** Of an operation that has several routes, the most open one counts: it is the same operation. Undefined for one without. */
function best(
  { rules }: Flavour,
  on: ReadonlySet<string>,
  operation: Operation,
): EnvDecision | undefined {
  const decisions = examplesOf(operation).map(({ method, path }) =>
    decideByRules(rules, on, method, path)
  );
  return decisions.find(({ allow }) => allow) ??
    decisions.find((decision) => !decision.allow && decision.missing.length > 0) ?? decisions[0];
}
