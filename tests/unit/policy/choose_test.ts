import assert from "node:assert/strict";
import { builtinPolicies } from "../../../lib/policy/builtin.ts";
import { choosePolicy, compileGate } from "../../../lib/policy/choose.ts";
import type { ClientRule, Gate, Peer } from "../../../lib/policy/types.ts";

const gateOf = (clients: Omit<ClientRule, "origin">[], more: Partial<Gate> = {}): Gate => ({
  clients: clients.map((rule, i) => ({ ...rule, origin: `postern.yaml:${i + 1}` })),
  listenerPolicies: { ci: "read-only" },
  defaultPolicy: "deny",
  policies: builtinPolicies,
  ...more,
});

/** Both ways of asking must agree, always. */
function chosen(gate: Gate, listener: string, peer: Peer): string {
  const direct = choosePolicy(gate, listener, peer);
  const compiled = compileGate(gate);
  for (let i = 0; i < 2; i++) assert.deepEqual(compiled(listener, peer), direct);
  return direct.policy.name;
}

const peer = (uid: number, gid = uid, groups: number[] = []): Peer => ({
  uid,
  gid,
  groups,
  pid: 9,
});

Deno.test("client rules come first, then the listener's policy, then the default", () => {
  const gate = gateOf([{ uids: [[0, 0]], policy: "full" }]);
  assert.equal(chosen(gate, "ci", peer(0)), "full");
  assert.equal(chosen(gate, "ci", peer(1)), "read-only");
  assert.equal(chosen(gate, "ops", peer(1)), "deny");
  assert.equal(chosen({ ...gate, defaultPolicy: "operator" }, "ops", peer(1)), "operator");
});

Deno.test("the first rule that matches wins", () => {
  const gate = gateOf([
    { uids: [[2000, 2999]], policy: "operator" },
    { uids: [[2500, 2500]], policy: "full" },
  ]);
  assert.equal(chosen(gate, "ci", peer(2500)), "operator");
});

Deno.test("a range of uids holds at both ends and not beyond", () => {
  const gate = gateOf([{ uids: [[2000, 2999]], policy: "full" }]);
  for (
    const [uid, policy] of [[1999, "read-only"], [2000, "full"], [2999, "full"], [
      3000,
      "read-only",
    ]] as const
  ) {
    assert.equal(chosen(gate, "ci", peer(uid)), policy, `${uid}`);
  }
});

Deno.test("a group rule matches among thousands of groups, and only then", () => {
  const gate = gateOf([{ gids: [[70_000, 70_010]], policy: "full" }]);
  const many = Array.from({ length: 65_000 }, (_, i) => i + 1);
  assert.equal(chosen(gate, "ci", peer(1, 1, [...many, 70_005])), "full");
  assert.equal(chosen(gate, "ci", peer(1, 1, many)), "read-only");
});

Deno.test("a group rule matches the primary group and every supplementary one", () => {
  const gate = gateOf([{ gids: [[50, 50]], policy: "full" }]);
  assert.equal(chosen(gate, "ci", peer(1, 50)), "full");
  assert.equal(chosen(gate, "ci", peer(1, 1, [7, 50])), "full");
  assert.equal(chosen(gate, "ci", peer(50, 1, [7])), "read-only");
});

Deno.test("all the conditions of a rule must hold", () => {
  const gate = gateOf([{ uids: [[1, 1]], gids: [[50, 50]], listeners: ["ci"], policy: "full" }]);
  assert.equal(chosen(gate, "ci", peer(1, 50)), "full");
  assert.equal(chosen(gate, "ci", peer(2, 50)), "read-only");
  assert.equal(chosen(gate, "ci", peer(1, 51)), "read-only");
  assert.equal(chosen(gate, "ops", peer(1, 50)), "deny");
});

Deno.test("a rule without conditions is about everybody", () => {
  assert.equal(chosen(gateOf([{ policy: "operator" }]), "ci", {}), "operator");
});

Deno.test("an unknown identity matches nothing, and falls through to nothing wider", () => {
  const gate = gateOf([{ uids: [[0, 0]], policy: "full" }]);
  assert.equal(chosen(gate, "ci", { pid: 9 }), "deny");
  const byGroup = gateOf([{ gids: [[5, 5]], policy: "deny" }]);
  assert.equal(chosen(byGroup, "ci", { uid: 1, gid: 1 }), "deny", "its groups could hold 5");
  assert.equal(chosen(byGroup, "ci", { uid: 1, gid: 5 }), "deny", "by the rule itself");
  const elsewhere = gateOf([{ uids: [[0, 0]], listeners: ["ops"], policy: "full" }]);
  assert.equal(chosen(elsewhere, "ci", {}), "read-only", "no rule here needs an identity");
});

Deno.test("one condition that fails for sure settles a rule, whatever else is unknown", () => {
  const gate = gateOf([{ uids: [[7, 7]], gids: [[5, 5]], policy: "full" }]);
  assert.equal(chosen(gate, "ci", { uid: 1 }), "read-only");
});

Deno.test("a policy that is not there denies", () => {
  const gate = gateOf([{ uids: [[1, 1]], policy: "gone" }]);
  assert.equal(chosen(gate, "ci", peer(1)), "deny");
});

Deno.test("peers that differ in one group only are told apart by the memory", () => {
  const choose = compileGate(gateOf([{ gids: [[50, 50]], policy: "full" }]));
  assert.equal(choose("ci", peer(1, 1, [50])).policy.name, "full");
  assert.equal(choose("ci", peer(1, 1, [5, 0])).policy.name, "read-only");
  assert.equal(choose("ops", peer(1, 1, [50])).policy.name, "full");
});
