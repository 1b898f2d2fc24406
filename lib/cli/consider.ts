import { decisionOf } from "../policy/constraints/decision.ts";
import { readsBody, scrutinise } from "../policy/constraints/scrutinise.ts";
import type { Answer, Finding, Lookup } from "../policy/constraints/types.ts";
import type { Assignment } from "../policy/types.ts";
import { judgeAnew, type Judgement } from "../relay/judge.ts";

/** A request, as far as a gate looks at it. */
export interface Asked {
  readonly method: string;
  readonly target: string;
  /** "" when there is no body. */
  readonly contentType: string;
  readonly body?: Uint8Array;
}

/** Somebody who answers lookups; undefined when the answer cannot be known. */
export type Oracle = (lookup: Lookup) => Answer | undefined | Promise<Answer | undefined>;

/** What came of a request. */
export interface Considered {
  readonly asked: Asked;
  readonly judgement: Judgement;
  /** The constraint that failed. */
  readonly constraint?: string;
  /** What was filled in. */
  readonly added: readonly string[];
  /** What the decision rests on. */
  readonly lookups: readonly Lookup[];
  /** What it depends on, and nobody said; there is no decision then. */
  readonly dependsOn?: Lookup;
}

/** The gate's judgement of a whole request: its head, then what is in it. */
export async function consider(
  assignment: Assignment,
  asked: Asked,
  oracle: Oracle,
): Promise<Considered> {
  const judgement = judgeAnew(assignment, asked.method, asked.target);
  const { conditions } = judgement;
  if (conditions === undefined) return { asked, judgement, added: [], lookups: [] };
  const { operation, target, constraints } = conditions;
  const { contentType, body } = asked;
  const held = body === undefined || !readsBody(operation) ? {} : { body };
  const scrutiny = scrutinise(constraints, { operation, target, contentType, ...held });
  const lookups: Lookup[] = [];
  let step = scrutiny.next();
  while (step.done !== true) {
    const lookup = step.value;
    const answer = await oracle(lookup);
    if (answer === undefined) return { asked, judgement, added: [], lookups, dependsOn: lookup };
    lookups.push(lookup);
    step = scrutiny.next(answer);
  }
  const finding: Finding = step.value;
  if (finding.ok) return { asked, judgement, added: finding.added, lookups };
  const decision = decisionOf(assignment.policy, operation, constraints, finding);
  const status = assignment.policy.mode === "warn" ? 0 : finding.status;
  const { constraint } = finding;
  return {
    asked,
    judgement: { ...judgement, status, decision },
    ...(constraint === undefined ? {} : { constraint }),
    added: [],
    lookups,
  };
}

/** The outcome in the audit record's words; `undecided` where it depends on what nobody said. */
export type Outcome = "allow" | "deny" | "would-deny" | "undecided";

export function outcomeOf({ judgement, dependsOn }: Considered): Outcome {
  if (dependsOn !== undefined) return "undecided";
  if (judgement.decision.allow) return "allow";
  return judgement.status === 0 ? "would-deny" : "deny";
}

/** `container web`, `path /srv/ci`. */
export function describeLookup(lookup: Lookup): string {
  return `${lookup.kind} ${lookup.kind === "path" ? lookup.path : lookup.name}`;
}
