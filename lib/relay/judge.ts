import type { RequestHead } from "../http/request_head.ts";
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

/** A client repeats few requests; one that invents targets must not fill the memory. */
const MAX_REMEMBERED = 1024;
const MAX_KEY = 512;

/** Judges requests under one assignment, remembering its answers by method and target. */
export class Judge {
  readonly #assignment: Assignment;
  readonly #remembered = new Map<string, Judgement>();

  constructor(assignment: Assignment) {
    this.#assignment = assignment;
  }

  judge(head: Pick<RequestHead, "method" | "target">): Judgement {
    const key = `${head.method} ${head.target}`;
    const known = this.#remembered.get(key);
    if (known !== undefined) return known;
    const judgement = judgeAnew(this.#assignment, head.method, head.target);
    if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear();
    if (key.length <= MAX_KEY) this.#remembered.set(key, judgement);
    return judgement;
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
