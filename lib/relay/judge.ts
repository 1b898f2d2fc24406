import type { LineParts } from "../audit/record.ts";
import { HeadMemory } from "../http/head_memory.ts";
import { parseRequestHead, type RequestHead } from "../http/request_head.ts";
import { parseTarget } from "../http/target.ts";
import { classify } from "../policy/classify.ts";
import { decide } from "../policy/decide.ts";
import type { Assignment, Decision, Operation } from "../policy/types.ts";

/** What the gate thinks of a request before it looks at who asks: everything that method, target and policy decide. */
export interface Judgement {
  /** 0 to relay it, else the status of the refusal: 400 for what is not clean, 403 for what is not allowed. */
  readonly status: 0 | 400 | 403;
  readonly decision: Decision;
  readonly operation?: Operation;
  /** Without the query. */
  readonly path: string;
  readonly apiVersion?: string;
}

/** A request head and what came of it. */
export interface Judged {
  readonly head: RequestHead;
  readonly judgement: Judgement;
  /** What the audit log says when it is relayed, once somebody has asked. */
  allowed?: LineParts;
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
  const decision = decide(policy, rule, classified);
  return {
    status: decision.allow ? 0 : 403,
    decision,
    path,
    ...(classified.kind === "operation" ? { operation: classified.operation } : {}),
    ...version,
  };
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
