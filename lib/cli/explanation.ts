import type { ListenerConfig } from "../config/types.ts";
import { describePeer } from "../policy/decide.ts";
import type { Assignment, Peer } from "../policy/types.ts";
import { type Considered, describeLookup, type Outcome, outcomeOf } from "./consider.ts";
import { type CommandConsidered, type CommandStep, firstObstacle } from "./docker_line.ts";

/** Who asks, where, and under which policy. */
export interface Situation {
  readonly peer: Peer;
  readonly listener: ListenerConfig;
  /** Why the peer cannot even connect. */
  readonly keptOut: string | undefined;
  readonly assignment: Assignment;
  /** Nobody was asked. */
  readonly offline: boolean;
}

type Row = readonly [label: string, text: string];

/** One request, as text. */
export function requestAsText(situation: Situation, considered: Considered): string {
  const { judgement: { operation }, asked } = considered;
  const verdict = situation.keptOut !== undefined ? "kept out" : verdictOf(considered);
  const [who, listener, policy] = rowsOf(situation);
  return `${verdict}: ${operation?.name ?? requestOf(considered)}\n` +
    rowsAsText([
      who!,
      ...(asked.method === "" ? [rawListener(situation)] : [listener!]),
      policy!,
      ...outcomeRows(situation, considered),
      ...socketRow(situation),
      ...reasonRows(situation, considered),
    ]);
}

/** A docker command line, as text: what comes of it, then each of its requests. */
export function commandAsText(
  situation: Situation,
  words: readonly string[],
  considered: CommandConsidered,
): string {
  const obstacle = firstObstacle(considered);
  const verdict = situation.keptOut !== undefined
    ? "kept out"
    : obstacle === undefined
    ? "allowed"
    : verdictOf(obstacle);
  const steps = considered.steps.map((step) =>
    `\n${verdictOf(step)}: ${step.judgement.operation?.name ?? "?"}  ${requestOf(step)}\n` +
    rowsAsText([
      ...(step.only === undefined ? [] : [["only if", step.only] as const]),
      ...outcomeRows(situation, step),
      ...reasonRows(situation, step),
    ])
  );
  const head = [...rowsOf(situation), ...socketRow(situation)];
  return `${verdict}: ${commandLine(words)}\n${rowsAsText(head)}${steps.join("")}` +
    considered.remarks.map((remark) => `\nnote: ${remark}\n`).join("");
}

/** One request, for programs: the audit record's words. */
export function requestAsJson(situation: Situation, considered: Considered) {
  return { ...stepAsJson(situation, considered), ...situationAsJson(situation) };
}

/** A docker command line, for programs. */
export function commandAsJson(
  situation: Situation,
  words: readonly string[],
  considered: CommandConsidered,
) {
  const obstacle = firstObstacle(considered);
  return {
    decision: decisionIn(situation, obstacle === undefined ? "allow" : outcomeOf(obstacle)),
    command: commandLine(words),
    ...situationAsJson(situation),
    requests: considered.steps.map((step) => ({
      ...stepAsJson(situation, step),
      only_if: step.only ?? null,
    })),
    remarks: considered.remarks,
  };
}

/** Whether the request, or the command, gets through. */
export function getsThrough({ keptOut }: Situation, considered: Considered | undefined): boolean {
  const passes = considered === undefined ||
    (considered.judgement.status === 0 && considered.dependsOn === undefined);
  return keptOut === undefined && passes;
}

function verdictOf(considered: Considered): string {
  switch (outcomeOf(considered)) {
    case "allow":
      return "allowed";
    case "would-deny":
      return "allowed by mode warn";
    case "undecided":
      return "undecided";
    case "deny": {
      const { status } = considered.judgement;
      return status === 403 ? "denied" : `refused (${status})`;
    }
  }
}

function rowsOf({ peer, listener, assignment }: Situation): Row[] {
  const groups = [...new Set([...peer.gid === undefined ? [] : [peer.gid], ...peer.groups ?? []])];
  return [
    [
      "who",
      peer.address === undefined
        ? `${describePeer(peer)}, groups ${groups.join(" ") || "none"}`
        : describePeer(peer),
    ],
    ["listener", listener.name],
    ["policy", `${assignment.policy.name}, by ${assignment.rule}`],
  ];
}

function rawListener({ listener }: Situation): Row {
  return [
    "listener",
    `${listener.name}, raw: the connection is judged, METHOD and PATH do not count`,
  ];
}

function socketRow({ keptOut }: Situation): Row[] {
  return keptOut === undefined ? [] : [["socket", `${keptOut}: this peer cannot connect`]];
}

/** The rule that decided; where nothing did, what let the request come so far. */
function outcomeRows({ offline }: Situation, considered: Considered): Row[] {
  const { judgement: { decision }, added, lookups } = considered;
  const paths = lookups.flatMap((lookup) => lookup.kind === "path" ? [lookup.path] : []);
  return [
    ["rule", decision.rule],
    ...(added.length === 0 ? [] : [["adds", added.join(", ")] as const]),
    ...(offline && paths.length > 0
      ? [["assumes", `no symbolic link leads on from ${paths.join(", ")}`] as const]
      : []),
  ];
}

function reasonRows({ assignment }: Situation, considered: Considered): Row[] {
  const { judgement: { decision }, dependsOn } = considered;
  if (dependsOn !== undefined) {
    return [[
      "why",
      `it depends on the ${describeLookup(dependsOn)}, and nobody was asked: leave out --offline`,
    ]];
  }
  if (decision.allow) return [];
  const warned = assignment.policy.mode === "warn" && outcomeOf(considered) === "would-deny";
  return [
    ["why", decision.reason],
    ...(decision.hint === "" ? [] : [["to allow", decision.hint] as const]),
    ...(warned ? [["mode", "would be denied, but mode warn lets it pass"] as const] : []),
  ];
}

function rowsAsText(rows: readonly Row[]): string {
  return rows.map(([name, text]) => `  ${name.padEnd(9)} ${text}\n`).join("");
}

function requestOf({ asked: { method, target } }: Considered): string {
  return `${method} ${target}`;
}

function commandLine(words: readonly string[]): string {
  const line = words[0] === "docker" ? words : ["docker", ...words];
  return line.map((word) =>
    /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
  )
    .join(" ");
}

function decisionIn({ keptOut }: Situation, outcome: Outcome): Outcome {
  return keptOut === undefined ? outcome : "deny";
}

function situationAsJson({ peer, listener, keptOut, assignment }: Situation) {
  return {
    kept_out: keptOut ?? null,
    policy: assignment.policy.name,
    assigned_by: assignment.rule,
    mode: assignment.policy.mode,
    listener: listener.name,
    peer,
  };
}

function stepAsJson(situation: Situation, considered: Considered | CommandStep) {
  const { judgement, asked, constraint, added, lookups, dependsOn } = considered;
  const { status, decision, operation, path, apiVersion } = judgement;
  return {
    decision: decisionIn(situation, outcomeOf(considered)),
    status: status === 0 ? null : status,
    rule: decision.rule,
    reason: decision.allow ? null : decision.reason,
    hint: decision.allow ? null : decision.hint,
    constraint: constraint ?? null,
    added,
    lookups: lookups.map(describeLookup),
    depends_on: dependsOn === undefined ? null : describeLookup(dependsOn),
    request: {
      method: asked.method === "" ? null : asked.method,
      path: asked.method === "" ? null : path,
      operation: operation?.name ?? null,
      api_version: apiVersion ?? null,
    },
  };
}
