import type { Config } from "../config/types.ts";
import { loginGroups, userId, userName } from "../linux/nss.ts";
import { choosePolicy } from "../policy/choose.ts";
import { describePeer } from "../policy/decide.ts";
import type { Assignment, Peer } from "../policy/types.ts";
import { judgeAnew, type Judgement } from "../relay/judge.ts";
import { configOptions, parse } from "./arguments.ts";
import { readConfig } from "./configuration.ts";
import { CANNOT_START, NO, OK, USAGE, type World } from "./world.ts";

const options = {
  ...configOptions,
  uid: { type: "string" },
  user: { type: "string" },
  gid: { type: "string" },
  groups: { type: "string" },
  listener: { type: "string" },
  json: { type: "boolean" },
} as const;

/** `postern explain`: the gate's own decision about a request, without making it. */
// deno-lint-ignore require-await
export async function explain(args: readonly string[], world: World): Promise<number> {
  const parsed = parse("explain", args, options, { min: 2, max: 2 }, world);
  if (typeof parsed === "number") return parsed;
  const { values, positionals: [method, target] } = parsed;
  const config = readConfig(values, world);
  if (config === undefined) return CANNOT_START;
  let peer: Peer;
  let listener: string;
  try {
    peer = describedPeer(values);
    listener = chosenListener(config, values.listener);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    world.stderr(`postern explain: ${error.message}; see \`postern explain --help\`\n`);
    return USAGE;
  }
  const assignment = choosePolicy(config.gate, listener, peer);
  const judgement = judgeAnew(assignment, method!, target!);
  const answer = values.json === true ? asJson : asText;
  world.stdout(answer(peer, listener, assignment, judgement, method!));
  return judgement.status === 0 ? OK : NO;
}

class UsageError extends Error {}

/** The caller that the flags describe; groups that are not given are those of a login. */
function describedPeer(
  flags: { readonly [name in "uid" | "user" | "gid" | "groups"]?: string },
): Peer {
  const uid = flags.user === undefined ? id("--uid", flags.uid) : userId(flags.user);
  if (flags.user !== undefined && uid === undefined) {
    throw new UsageError(`there is no user ${JSON.stringify(flags.user)}`);
  }
  if (flags.user !== undefined && flags.uid !== undefined) {
    throw new UsageError("--uid and --user say the same thing twice");
  }
  if (uid === undefined) throw new UsageError("say who calls, with --uid N or --user NAME");
  const login = loginGroups(uid);
  // Without a login the group is taken to be the user's own, as user databases make it; --gid says otherwise.
  const gid = id("--gid", flags.gid) ?? login?.gid ?? uid;
  const groups = flags.groups?.split(",").map((g) => id("--groups", g)!) ?? login?.groups;
  const user = userName(uid);
  return {
    uid,
    gid,
    // Who has no login and no flag has no supplementary groups that anybody could know of.
    groups: groups ?? [],
    ...(user === undefined ? {} : { user }),
  };
}

function id(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^[0-9]{1,10}$/.test(text) || value >= 0xffffffff) {
    throw new UsageError(`${flag} takes a number, got ${JSON.stringify(text)}`);
  }
  return value;
}

function chosenListener(config: Config, wanted: string | undefined): string {
  const names = config.listeners.map((listener) => listener.name);
  if (wanted === undefined && names.length === 1) return names[0]!;
  if (wanted === undefined) throw new UsageError(`say which --listener: ${names.join(", ")}`);
  if (names.includes(wanted)) return wanted;
  throw new UsageError(`there is no listener ${JSON.stringify(wanted)}: ${names.join(", ")}`);
}

function asText(
  peer: Peer,
  listener: string,
  assignment: Assignment,
  { status, decision, operation, path }: Judgement,
  method: string,
): string {
  const verdict = status === 0 ? "allowed" : status === 400 ? "refused (400)" : "denied";
  const groups = [...new Set([...peer.gid === undefined ? [] : [peer.gid], ...peer.groups ?? []])];
  const rows: [string, string][] = [
    ["who", `${describePeer(peer)}, groups ${groups.join(" ") || "none"}`],
    ["listener", listener],
    ["policy", `${assignment.policy.name}, by ${assignment.rule}`],
    ["rule", decision.rule],
  ];
  if (!decision.allow) rows.push(["why", decision.reason], ["to allow", decision.hint]);
  return `${verdict}: ${operation?.name ?? `${method} ${path}`}\n` +
    rows.map(([name, text]) => `  ${name.padEnd(9)} ${text}\n`).join("");
}

function asJson(
  peer: Peer,
  listener: string,
  assignment: Assignment,
  { status, decision, operation, path, apiVersion }: Judgement,
  method: string,
): string {
  return JSON.stringify({
    decision: decision.allow ? "allow" : "deny",
    status: status === 0 ? null : status,
    policy: decision.policy,
    assigned_by: assignment.rule,
    rule: decision.rule,
    reason: decision.allow ? null : decision.reason,
    hint: decision.allow ? null : decision.hint,
    listener,
    peer,
    request: {
      method,
      path,
      operation: operation?.name ?? null,
      api_version: apiVersion ?? null,
    },
  }) + "\n";
}
