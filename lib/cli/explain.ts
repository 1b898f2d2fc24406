import type { Config, ListenerConfig } from "../config/types.ts";
import { choosePolicy } from "../policy/choose.ts";
import { decide, describePeer } from "../policy/decide.ts";
import { operationNamed } from "../policy/operations.ts";
import type { Assignment, Peer } from "../policy/types.ts";
import { judgeAnew, type Judgement } from "../relay/judge.ts";
import { configOptions, parse, saysUsage, UsageError } from "./arguments.ts";
import { callerOptions, describedPeer } from "./caller.ts";
import { readConfig } from "./configuration.ts";
import { keptOut } from "./reach.ts";
import { CANNOT_START, NO, OK, type World } from "./world.ts";

const options = {
  ...configOptions,
  ...callerOptions,
  listener: { type: "string" },
  json: { type: "boolean" },
} as const;

/** What there is to tell. */
interface Explanation {
  readonly peer: Peer;
  readonly listener: ListenerConfig;
  /** Why the peer cannot even connect. */
  readonly keptOut: string | undefined;
  readonly assignment: Assignment;
  readonly judgement: Judgement;
  /** Absent where there are no requests. */
  readonly method?: string | undefined;
}

/** `postern explain`: the gate's own decision about a request, without making it. */
// deno-lint-ignore require-await
export async function explain(args: readonly string[], world: World): Promise<number> {
  const parsed = parse("explain", args, options, 2, world);
  if (typeof parsed === "number") return parsed;
  const { values, positionals } = parsed;
  const config = readConfig(values, world);
  if (config === undefined) return CANNOT_START;
  return saysUsage("explain", world, () => {
    const peer = describedPeer(values);
    const listener = chosenListener(config, values.listener);
    const assignment = choosePolicy(config.gate, listener.name, peer);
    const explanation: Explanation = {
      peer,
      listener,
      keptOut: keptOut(listener, peer),
      assignment,
      ...(listener.protocol === "raw"
        ? { judgement: judgeConnection(assignment) }
        : judgeRequest(assignment, positionals)),
    };
    world.stdout((values.json === true ? asJson : asText)(explanation));
    return explanation.judgement.status === 0 && explanation.keptOut === undefined ? OK : NO;
  });
}

function judgeRequest(
  assignment: Assignment,
  [method, target]: readonly string[],
): { judgement: Judgement; method: string } {
  if (method === undefined || target === undefined) {
    throw new UsageError("say which request, as METHOD PATH, such as GET /v1.41/info");
  }
  if (!/^[A-Z][A-Z-]*$/.test(method)) {
    throw new UsageError(`METHOD is upper case, such as GET, got ${JSON.stringify(method)}`);
  }
  if (!target.startsWith("/")) {
    throw new UsageError(
      `PATH begins with /, as in /v1.41/info, got ${JSON.stringify(target)}`,
    );
  }
  return { judgement: judgeAnew(assignment, method, target), method };
}

/** A raw listener's one decision: there are no requests. */
function judgeConnection({ policy, rule }: Assignment): Judgement {
  const operation = operationNamed("raw.connect")!;
  const decision = decide(policy, rule, { kind: "operation", operation });
  return { status: decision.allow ? 0 : 403, decision, operation, path: "" };
}

function chosenListener({ listeners }: Config, wanted: string | undefined): ListenerConfig {
  const names = listeners.map(({ name }) => name).join(", ");
  const found = wanted === undefined && listeners.length === 1
    ? listeners[0]
    : listeners.find(({ name }) => name === wanted);
  if (found !== undefined) return found;
  throw new UsageError(
    wanted === undefined
      ? `say which --listener: ${names}`
      : `there is no listener ${JSON.stringify(wanted)}: ${names}`,
  );
}

function asText({ peer, listener, keptOut, assignment, judgement, method }: Explanation): string {
  const { status, decision, operation, path } = judgement;
  const verdict = keptOut !== undefined
    ? "kept out"
    : status === 0
    ? "allowed"
    : status === 400
    ? "refused (400)"
    : "denied";
  const groups = [...new Set([...peer.gid === undefined ? [] : [peer.gid], ...peer.groups ?? []])];
  const rows: [string, string][] = [
    ["who", `${describePeer(peer)}, groups ${groups.join(" ") || "none"}`],
    [
      "listener",
      listener.protocol === "raw"
        ? `${listener.name}, raw: the connection is judged, METHOD and PATH do not count`
        : listener.name,
    ],
    ["policy", `${assignment.policy.name}, by ${assignment.rule}`],
    ["rule", decision.rule],
  ];
  if (keptOut !== undefined) rows.push(["socket", `${keptOut}: this peer cannot connect`]);
  if (!decision.allow) rows.push(["why", decision.reason], ["to allow", decision.hint]);
  return `${verdict}: ${operation?.name ?? `${method} ${path}`}\n` +
    rows.map(([name, text]) => `  ${name.padEnd(9)} ${text}\n`).join("");
}

function asJson({ peer, listener, keptOut, assignment, judgement, method }: Explanation): string {
  const { status, decision, operation, path, apiVersion } = judgement;
  return JSON.stringify({
    decision: decision.allow && keptOut === undefined ? "allow" : "deny",
    kept_out: keptOut ?? null,
    status: status === 0 ? null : status,
    policy: decision.policy,
    assigned_by: assignment.rule,
    rule: decision.rule,
    reason: decision.allow ? null : decision.reason,
    hint: decision.allow ? null : decision.hint,
    listener: listener.name,
    peer,
    request: {
      method: method ?? null,
      path: method === undefined ? null : path,
      operation: operation?.name ?? null,
      api_version: apiVersion ?? null,
    },
  }) + "\n";
}
