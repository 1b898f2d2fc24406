import { dirname } from "node:path";
import type { Config } from "../config/types.ts";
import { judgeAnew, type Judgement } from "../relay/judge.ts";
import type { Known } from "./assign.ts";
import type { PluginRequest } from "./protocol.ts";
import { SecretLine } from "./secret.ts";

/** What tells requests that came through this gate from those that came around it. */
export class Seal {
  readonly #secret = new SecretLine("X-Postern-Seal");

  /** What the gate writes into every head, with its end. Never to be logged. */
  get line(): string {
    return this.#secret.line;
  }

  isOn({ headers }: PluginRequest): boolean {
    return this.#secret.isIn(headers) === true;
  }
}

/** Where to go instead of the engine's own socket: the gate's listeners for this engine. */
export function intercepts({ authz, listeners }: Config): string[] {
  return listeners
    .filter(({ protocol, upstream }) => protocol === "http" && upstream === authz?.upstream)
    .map(({ socket }) => socket);
}

/** A denial of what came around the gate says where the gate is. */
export function unsealed(judgement: Judgement, sockets: readonly string[]): Judgement {
  const { decision, status } = judgement;
  if (decision.allow || status === 0) return judgement;
  const hint = sockets.map((socket) => `DOCKER_HOST=unix://${socket}`).join(" or ");
  const reason = `it came around Postern: ${decision.reason}`;
  const use = hint === "" ? decision.hint : `use ${hint}`;
  return { ...judgement, decision: { ...decision, reason, hint: use } };
}

/**
 * Whether the administrator wants in without the gate: a file of root's that nobody else can have put there, in a folder that only
 * root writes.
 */
export function isGlassBroken(path: string): boolean {
  try {
    const file = Deno.lstatSync(path);
    const folder = Deno.statSync(dirname(path));
    return file.isFile && file.nlink === 1 && [file, folder].every(isOfRootAlone);
  } catch {
    return false;
  }
}

function isOfRootAlone({ uid, mode }: Deno.FileInfo): boolean {
  return uid === 0 && ((mode ?? 0o777) & 0o022) === 0;
}

/** Everything is allowed, and recorded as that. */
export function throughBrokenGlass(
  { assignment }: Known,
  { method, target }: PluginRequest,
  path: string,
): Judgement {
  const { conditions: _, ...judgement } = judgeAnew(assignment, method, target);
  const { name } = assignment.policy;
  const decision = { allow: true, policy: name, rule: `authz.break_glass ${path}` } as const;
  return { ...judgement, status: 0, decision };
}
