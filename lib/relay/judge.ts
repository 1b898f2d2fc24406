import type { LineParts } from "../audit/record.ts";
import { HeadMemory } from "../http/head_memory.ts";
import { parseRequestHead, type RequestHead } from "../http/request_head.ts";
import { parseTarget, type Target } from "../http/target.ts";
import { type Classified, classify } from "../policy/classify.ts";
import type { Constraints, Finding } from "../policy/constraints/types.ts";
import { decide } from "../policy/decide.ts";
import type { Assignment, Decision, Operation, Policy } from "../policy/types.ts";

/** What an allowed request must still be held against before it is relayed. */
export interface Conditions {
  /** The operation's stable name. */
  readonly operation: string;
  readonly target: Target;
  readonly constraints: Constraints;
}

/** What the gate thinks of a request before it looks at its body: everything that method, target and policy decide. */
export interface Judgement {
  /**
   * 0 to relay it, else the status of the refusal: 400 for what is not clean, 403 for what is not allowed. In mode warn, what
   * would be denied is relayed.
   */
  readonly status: number;
  readonly decision: Decision;
  readonly conditions?: Conditions;
  readonly operation?: Operation;
  /** Without the query. */
  readonly path: string;
  readonly apiVersion?: string;
}

/** A body, and what was found when it was looked into. */
export interface Heard {
  readonly body: Uint8Array;
  readonly finding: Finding;
}

/** A request head and what came of it. */
export interface Judged {
  readonly head: RequestHead;
  readonly judgement: Judgement;
  /** Why it seems to be a page's in a browser, "" where it does not, once somebody has asked. */
  page?: string;
  /** What the audit log says when it is relayed, once somebody has asked. */
  allowed?: LineParts;
  /** The last body behind this very head whose finding depends on nothing else. */
  heard?: Heard;
}

/** Parses and judges request heads under one assignment, and remembers its answers. */
export class Judge {
  readonly #assignment: Assignment;
  readonly #memory = new HeadMemory<Judged>();

  constructor(assignment: Assignment) {
    this.#assignment = assignment;
  }

  /** Takes a whole head. Throws a HeadError for what is not clean HTTP. */
  judge(bytes: Uint8Array, start: number, end: number): Judged {
    const known = this.#memory.recall(bytes, start, end);
    if (known !== undefined) return known;
    const head = parseRequestHead(bytes, start, end);
    const judged: Judged = {
      head,
      judgement: judgeAnew(this.#assignment, head.method, head.target),
    };
    this.#memory.remember(bytes, start, end, judged);
    return judged;
  }
}

/** The one way from a method and a target to a decision; `explain` takes it too. */
export function judgeAnew(assignment: Assignment, method: string, rawTarget: string): Judgement {
  const { policy, rule } = assignment;
  const path = rawTarget.split("?", 1)[0]!;
  const parsed = parseTarget(rawTarget);
  if (!parsed.ok) return malformed(assignment, path, parsed.reason);
  const { target } = parsed;
  const version = target.version === undefined ? {} : { apiVersion: target.version };
  const classified = classify(method, target);
  if (classified.kind === "malformed") {
    return { ...malformed(assignment, path, classified.reason), ...version };
  }
  if (classified.kind === "nobody") return nobody(assignment, path, classified, version);
  const decision = decide(policy, rule, classified);
  if (classified.kind === "unknown") return { status: refusal(policy), decision, path, ...version };
  const { operation } = classified;
  const constraints = policy.verdicts[operation.name]?.constraints;
  return {
    status: decision.allow ? 0 : refusal(policy),
    decision,
    path,
    operation,
    ...(decision.allow && constraints !== undefined
      ? { conditions: { operation: operation.name, target, constraints } }
      : {}),
    ...version,
  };
}

/** Whoever may inspect is told that there is none; others are denied. */
function nobody(
  { policy, rule }: Assignment,
  path: string,
  { operation, name }: Extract<Classified, { kind: "nobody" }>,
  version: Pick<Judgement, "apiVersion">,
): Judgement {
  const denied = decide(policy, rule, { kind: "operation", operation });
  if (!denied.allow) {
    return { status: refusal(policy), decision: denied, path, operation, ...version };
  }
  const decision: Decision = {
    allow: false,
    policy: policy.name,
    rule: "operation table",
    reason: `No such container: ${name}`,
    hint: "with a slash it could only be the alias of a link, and another container",
  };
  return { status: policy.mode === "warn" ? 0 : 404, decision, path, operation, ...version };
}

/** The status that a denial by the policy's rules has. */
function refusal({ mode }: Policy): number {
  return mode === "warn" ? 0 : 403;
}

function malformed({ policy }: Assignment, path: string, reason: string): Judgement {
  const decision: Decision = {
    allow: false,
    policy: policy.name,
    rule: "strict HTTP",
    reason,
    hint: "servers could read this request differently, so no policy can allow it",
  };
  return { status: 400, decision, path };
}
