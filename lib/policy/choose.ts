import { isWithin, parseAddress } from "./address.ts";
import { deny } from "./builtin.ts";
import type {
  Assignment,
  ClientRule,
  Gate,
  IdRange,
  Peer,
  PeerCertificate,
  PeerContainer,
  Policy,
} from "./types.ts";

/** Answers that are kept for peers seen before. */
const MAX_REMEMBERED = 4096;
/** A container's whole id. */
const ID = /^[0-9a-f]{64}$/;
/** Longer lists of groups are cut down to what matters before they are remembered. */
const MANY_GROUPS = 32;

/** Finds the policy of a peer on a listener. */
export type Choose = (listener: string, peer: Peer) => Assignment;

/**
 * Client rules, the first that matches; then the listener's policy; then the default. An unknown id matches nothing, and a peer
 * that a rule could not be held against for want of an id does not fall through to what comes after: it is denied.
 */
export function choosePolicy(gate: Gate, listener: string, peer: Peer): Assignment {
  const rules = gate.clients.filter((rule) => rule.listeners?.includes(listener) ?? true);
  return chooseAmong(rules, gate, listener, peer);
}

/** The same with the rules sorted by listener once, and answers remembered by what they depend on. */
export function compileGate(gate: Gate): Choose {
  const rulesOf = new Map<string, readonly ClientRule[]>();
  const remembered = new Map<string, Assignment>();
  const ranges = gate.clients.flatMap(({ gids }) => gids ?? []);
  return (listener, everything) => {
    // A peer can have 65,536 groups, and 65,536 peers each other ones; only those that a rule names make a difference.
    const { groups } = everything;
    const peer = groups === undefined || groups.length <= MANY_GROUPS
      ? everything
      : { ...everything, groups: groups.filter((group) => inRanges(group, ranges)) };
    const key = keyOf(listener, peer);
    const known = remembered.get(key);
    if (known !== undefined) return known;
    let rules = rulesOf.get(listener);
    if (rules === undefined) {
      rules = gate.clients.filter((rule) => rule.listeners?.includes(listener) ?? true);
      rulesOf.set(listener, rules);
    }
    const assignment = chooseAmong(rules, gate, listener, peer);
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(key, assignment);
    return assignment;
  };
}

/** All that a rule can look at, and nothing that is different for each connection. */
function keyOf(listener: string, peer: Peer): string {
  const { uid, gid, groups, address, certificate, inside, unplaced } = peer;
  return address === undefined
    ? `${listener}\n${uid}\n${gid}\n${groups?.join()}`
    : JSON.stringify([listener, address, certificate ?? null, inside ?? null, unplaced ?? null]);
}

function chooseAmong(
  rules: readonly ClientRule[],
  gate: Gate,
  listener: string,
  peer: Peer,
): Assignment {
  let unsure: ClientRule | undefined;
  for (const rule of rules) {
    const matches = matchesPeer(rule, peer);
    if (matches === undefined) unsure ??= rule;
    else if (matches) return assign(gate, rule.policy, `client rule ${rule.origin}`, peer, unsure);
  }
  const own = gate.listenerPolicies[listener];
  return own === undefined
    ? assign(gate, gate.defaultPolicy, "default", peer, unsure)
    : assign(gate, own, `listener ${listener}`, peer, unsure);
}

function assign(
  gate: Gate,
  name: string,
  rule: string,
  peer: Peer,
  unsure: ClientRule | undefined,
): Assignment {
  if (unsure !== undefined) {
    const about = `client rule ${unsure.origin} needs an identity that is unknown`;
    return { policy: deny, rule: `${about}${reasonFor(unsure, peer)}` };
  }
  const policy: Policy | undefined = gate.policies[name];
  // The loader has checked every name; a hole here must not become an allow.
  return policy === undefined
    ? { policy: deny, rule: `${rule}: no policy ${name}` }
    : { policy, rule };
}

function reasonFor({ containers, labels }: ClientRule, { inside, unplaced }: Peer): string {
  if (containers === undefined && labels === undefined) return "";
  if (unplaced !== undefined) return `: ${unplaced}`;
  if (inside === undefined || inside.length < 2) return "";
  // Whoever is denied is not told their names.
  const some = inside.includes("none")
    ? "one of some containers, or none"
    : "one of some containers";
  return `: it may be ${some}`;
}

/** Whether a rule is about this peer; undefined when what is known of it cannot say. */
function matchesPeer(rule: ClientRule, peer: Peer): boolean | undefined {
  const { uids, gids, addresses, certificates, containers, labels } = rule;
  let unsure = false;
  const answers = [
    uids === undefined ? true : inRanges(peer.uid, uids),
    gids === undefined ? true : inGroups(peer, gids),
    // Who has come by a unix socket has no address, and who has shown no certificate has none.
    addresses === undefined ? true : comesFrom(peer, addresses),
    certificates === undefined ? true : hasName(peer.certificate, certificates),
    containers === undefined
      ? true
      : isInside(peer, (container) => isCalled(container, containers)),
    labels === undefined
      ? true
      : isInside(peer, (container) =>
        labels.some(([key, value]) =>
          Object.hasOwn(container.labels, key) && container.labels[key] === value
        )),
  ];
  for (const answer of answers) {
    if (answer === false) return false;
    unsure ||= answer === undefined;
  }
  return unsure ? undefined : true;
}

function comesFrom(
  { address }: Peer,
  ranges: NonNullable<ClientRule["addresses"]>,
): boolean {
  const bytes = address === undefined ? undefined : parseAddress(address);
  return bytes !== undefined && ranges.some((range) => isWithin(bytes, range));
}

function hasName(certificate: PeerCertificate | undefined, wanted: readonly string[]): boolean {
  return certificate !== undefined &&
    certificateNames(certificate).some((name) => wanted.includes(name));
}

/** Every name that a certificate gives to its holder, the common name first. */
export function certificateNames(
  { commonName, dns, uris, emails }: PeerCertificate,
): readonly string[] {
  return [...commonName === undefined ? [] : [commonName], ...dns, ...uris, ...emails];
}

/** True or false only where it is so for whatever may be at the address. */
function isInside(
  { inside }: Peer,
  suits: (container: PeerContainer) => boolean,
): boolean | undefined {
  if (inside === undefined || inside.length === 0) return undefined;
  const answers = inside.map((one) => one !== "none" && suits(one));
  if (answers.every((answer) => answer)) return true;
  return answers.some((answer) => answer) ? undefined : false;
}

/** Docker lets one container be named with another's id: what has an id's form is never a name. */
function isCalled({ id, name }: PeerContainer, wanted: readonly string[]): boolean {
  return wanted.includes(id) || (!ID.test(name) && wanted.includes(name));
}

function inRanges(id: number | undefined, ranges: readonly IdRange[]): boolean | undefined {
  if (id === undefined) return undefined;
  return ranges.some(([first, last]) => id >= first && id <= last);
}

function inGroups(peer: Peer, ranges: readonly IdRange[]): boolean | undefined {
  const answers = [inRanges(peer.gid, ranges)];
  if (peer.groups === undefined) answers.push(undefined);
  else answers.push(...peer.groups.map((group) => inRanges(group, ranges)));
  if (answers.includes(true)) return true;
  return answers.includes(undefined) ? undefined : false;
}
