import type { Classified } from "./classify.ts";
import { builtinPolicies } from "./builtin.ts";
import { certificateNames } from "./choose.ts";
import type { Decision, Operation, Peer, Policy, Verdict } from "./types.ts";

/** What was asked for, once it is known to be clean. */
export type Asked = Exclude<Classified, { kind: "malformed" | "nobody" }>;

/**
 * The decision of a policy about an operation, with the reason and the smallest change that would allow it. `assigned`: the rule that
 * gave the policy to the peer. A variant needs its base, too.
 */
export function decide(policy: Policy, assigned: string, asked: Asked): Decision {
  if (asked.kind === "unknown") {
    return {
      allow: false,
      policy: policy.name,
      rule: "operation table",
      reason: "no operation of the Docker API that Postern knows",
      hint: "no policy can allow what is not known",
    };
  }
  const { operation } = asked;
  const verdict = verdictOf(policy, operation);
  if (verdict.allow) return { allow: true, policy: policy.name, rule: verdict.rule };
  return {
    allow: false,
    policy: policy.name,
    rule: verdict.rule,
    reason: verdict.reason ?? "not allowed",
    hint: hintFor(policy, operation, verdict, assigned),
  };
}

function verdictOf(policy: Policy, operation: Operation): Verdict {
  const own = policy.verdicts[operation.name];
  // A policy compiled from an older table has no opinion, and that is no.
  if (own === undefined) {
    return { allow: false, rule: policy.name, reason: "it is not in this policy" };
  }
  if (!own.allow || operation.variantOf === undefined) return own;
  const base = policy.verdicts[operation.variantOf];
  return base?.allow === true ? own : base ?? own;
}

function hintFor(policy: Policy, operation: Operation, verdict: Verdict, assigned: string): string {
  if (verdict.hint !== undefined) return verdict.hint;
  if (verdict.denied === true) return `take it out of deny (${verdict.rule})`;
  if (Object.hasOwn(builtinPolicies, policy.name)) {
    const base = policy.name === "deny" ? "" : ` extends ${policy.name} and`;
    return `a policy that${base} allows ${operation.name} would permit it (assigned by ${assigned})`;
  }
  return `"allow: [${operation.name}]" in ${changeable(policy)} would permit it`;
}

/** Where a change can be written: `policy team-ci`, and for one that ships with the program, a policy that extends it. */
export function changeable({ name, preset }: Policy): string {
  const own = preset !== true && !Object.hasOwn(builtinPolicies, name);
  return own ? `policy ${name}` : `a policy that extends ${name}`;
}

/** What a denial's message is made of. */
export interface Denial {
  /** Absent for what the table does not know. */
  readonly operation?: string;
  readonly method: string;
  readonly path: string;
  readonly peer: Peer;
  readonly decision: Extract<Decision, { allow: false }>;
  readonly id: string;
}

/** `postern: containers.create denied for uid 1001 (ci-runner): policy team-ci: …; … (request 7f3a…)`. */
export function describeDenial(denial: Denial): string {
  const { decision, id } = denial;
  const what = denial.operation ?? printable(`${denial.method} ${denial.path}`);
  const hint = decision.hint === "" ? "" : `; ${decision.hint}`;
  return `postern: ${what} denied for ${describePeer(denial.peer)}: policy ${decision.policy}: ` +
    `${decision.reason}${hint} (request ${id})`;
}

/**
 * `uid 1001 (ci-runner)`; `user ci-runner` where there is a name alone; `172.18.0.4 (cert ci-runner, container web)` for a peer of
 * TCP.
 */
export function describePeer(peer: Peer): string {
  if (peer.address !== undefined) return describeTcpPeer(peer.address, peer);
  if (peer.uid === undefined) {
    return peer.user === undefined ? "an unknown uid" : `user ${printable(peer.user)}`;
  }
  return `uid ${peer.uid}` + (peer.user === undefined ? "" : ` (${peer.user})`);
}

function describeTcpPeer(address: string, { certificate, inside }: Peer): string {
  const name = certificate && (certificateNames(certificate)[0] ?? certificate.fingerprint);
  const [only, ...others] = inside ?? [];
  const facts = [
    ...(name === undefined ? [] : [`cert ${printable(name)}`]),
    ...(only === undefined || only === "none" || others.length > 0
      ? []
      : [`container ${printable(only.name)}`]),
  ];
  return facts.length === 0 ? address : `${address} (${facts.join(", ")})`;
}

/** A client's own text, short and without anything that a terminal would obey. */
function printable(text: string): string {
  const short = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  // deno-lint-ignore no-control-regex
  return short.replace(/[\x00-\x1f\x7f-\x9f]/g, "?");
}
