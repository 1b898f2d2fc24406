import assert from "node:assert/strict";
import { parseTarget } from "../../../../lib/http/target.ts";
import { classify } from "../../../../lib/policy/classify.ts";
import { safeLimits } from "../../../../lib/policy/constraints/safe.ts";
import { scrutinise } from "../../../../lib/policy/constraints/scrutinise.ts";
import type {
  Additions,
  Answer,
  Finding,
  Limits,
  Lookup,
  Scrutiny,
} from "../../../../lib/policy/constraints/types.ts";

/** `container web` → what the engine tells of it; a string is its error for what it does not have. Paths lead to themselves. */
export type World = Readonly<Record<string, unknown>>;

export interface Looked {
  readonly finding: Finding;
  /** What was asked, in order: `container web`. */
  readonly asked: readonly string[];
}

/** Runs a judgement to its end, answering from `world`. */
export function run(scrutiny: Scrutiny, world: World = {}): Looked {
  const asked: string[] = [];
  let step = scrutiny.next();
  while (step.done !== true) {
    const question = word(step.value);
    asked.push(question);
    step = scrutiny.next(answer(step.value, world[question]));
  }
  return { finding: step.value, asked };
}

function word(lookup: Lookup): string {
  return lookup.kind === "path" ? `path ${lookup.path}` : `${lookup.kind} ${lookup.name}`;
}

function answer(lookup: Lookup, told: unknown): Answer {
  if (told instanceof Error) return { failed: told.message };
  if (typeof told === "string" && lookup.kind !== "path") return { absent: told };
  if (told !== undefined) return { found: told };
  if (lookup.kind === "path") return { found: lookup.path };
  return { absent: `No such ${lookup.kind}: ${lookup.name}` };
}

export interface Request {
  readonly method?: string;
  readonly path: string;
  /** A string goes as it is, other values as JSON. */
  readonly body?: unknown;
  readonly contentType?: string;
}

/** Looks into a request under the safe defaults of its operation, with what `limits` says instead. */
export function look(request: Request, limits: Limits = {}, world: World = {}, set?: Additions) {
  const parsed = parseTarget(request.path);
  assert.ok(parsed.ok, request.path);
  const classified = classify(request.method ?? "POST", parsed.target);
  assert.ok(classified.kind === "operation", request.path);
  const operation = classified.operation.name;
  const { body } = request;
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return run(
    scrutinise(
      {
        limits: { ...safeLimits(operation), ...limits },
        origins: {},
        ...(set === undefined ? {} : { set }),
      },
      {
        operation,
        target: parsed.target,
        contentType: request.contentType ?? "application/json",
        ...(text === undefined ? {} : { body: new TextEncoder().encode(text) }),
      },
    ),
    world,
  );
}

/** `403 images: …`, or `ok` for what passes. */
export function outcome({ finding }: Looked): string {
  if (finding.ok) return "ok";
  const { status, constraint, reason } = finding;
  return `${status} ${constraint === undefined ? "" : `${constraint}: `}${reason}`;
}

/** The request is let pass. */
export function passes(looked: Looked): Extract<Finding, { ok: true }> {
  assert.equal(outcome(looked), "ok");
  return looked.finding as Extract<Finding, { ok: true }>;
}

/** The request is denied by `key`, or refused with a status. */
export function fails(looked: Looked, by: keyof Limits | 400 | 404 | 413 | 502): void {
  const { finding } = looked;
  assert.ok(!finding.ok, `passes, and should fail by ${by}`);
  assert.equal(finding.constraint ?? finding.status, by, outcome(looked));
  assert.ok(!/[.]$/.test(finding.reason), finding.reason);
}
