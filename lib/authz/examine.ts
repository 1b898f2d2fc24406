import { type Denial, MOST_QUESTIONS, tooManyQuestions } from "../policy/constraints/finding.ts";
import { readsBody, scrutinise } from "../policy/constraints/scrutinise.ts";
import type { Answer, Finding, Lookup } from "../policy/constraints/types.ts";
import type { Conditions } from "../relay/judge.ts";
import { shownBody } from "./body.ts";
import type { PluginRequest } from "./protocol.ts";

/** Answers what a judgement depends on. */
export type Ask = (lookup: Lookup) => Answer | Promise<Answer>;

/** Looks into an allowed request, as the gate does; but what the gate would fill in, a plugin cannot: then it is denied. */
export async function examine(
  { operation, target, constraints }: Conditions,
  request: PluginRequest,
  ask: Ask,
): Promise<Finding> {
  const body = readsBody(operation) ? shownBody(request, constraints.limits.body_limit) : undefined;
  if (body !== undefined && "ok" in body) return body;
  const contentType = request.headers.get("content-type") ?? "";
  const scrutiny = scrutinise(constraints, {
    operation,
    target,
    contentType,
    ...(body === undefined ? {} : { body }),
  });
  let step = scrutiny.next();
  for (let questions = 0; step.done !== true; questions++) {
    if (questions === MOST_QUESTIONS) return tooManyQuestions;
    step = scrutiny.next(await ask(step.value));
  }
  return step.value.ok && step.value.added.length > 0 ? unsaid(step.value.added) : step.value;
}

function unsaid(added: readonly string[]): Denial {
  return {
    ok: false,
    status: 400,
    reason: `the policy sets ${added.join(", ")}, which the engine's plugin cannot fill in`,
    hint: "say it in the request, or come through Postern's own socket",
  };
}
