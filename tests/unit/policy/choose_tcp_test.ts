import assert from "node:assert/strict";
import { parseRange } from "../../../lib/policy/address.ts";
import { builtinPolicies } from "../../../lib/policy/builtin.ts";
import { choosePolicy, compileGate } from "../../../lib/policy/choose.ts";
import type { ClientRule, Gate, Peer, PeerContainer } from "../../../lib/policy/types.ts";

const gateOf = (...clients: Omit<ClientRule, "origin">[]): Gate => ({
  clients: clients.map((client, index) => ({ origin: `rule:${index + 1}`, ...client })),
  listenerPolicies: { tcp: "read-only" },
  defaultPolicy: "deny",
  policies: builtinPolicies,
});

/** The policy's name and the rule; both ways of asking say the same, and so does the second's memory. */
function chosen(gate: Gate, peer: Peer): [string, string] {
  const choose = compileGate(gate);
  const [one, two, three] = [
    choosePolicy(gate, "tcp", peer),
    choose("tcp", peer),
    choose("tcp", peer),
  ];
  assert.deepEqual(two, one);
  assert.deepEqual(three, one);
  return [one.policy.name, one.rule];
}

const container = (name: string, labels: Record<string, string> = {}): PeerContainer => ({
  id: name.padEnd(64, "0"),
  name,
  labels,
});
const from = (more: Partial<Peer>): Peer => ({ address: "172.18.0.4", port: 5000, ...more });
const unsure = "client rule rule:1 needs an identity that is unknown";

Deno.test("a certificate is met by any of its names, and by the whole of one only", () => {
  const certificate = {
    commonName: "ci-runner",
    dns: ["ci.example.com"],
    uris: ["spiffe://example.com/ci"],
    emails: ["ci@example.com"],
    fingerprint: "0".repeat(64),
  };
  const named = (name: string) =>
    chosen(gateOf({ certificates: [name], policy: "full" }), from({ certificate }))[0];
  for (
    const name of ["ci-runner", "ci.example.com", "spiffe://example.com/ci", "ci@example.com"]
  ) {
    assert.equal(named(name), "full", name);
  }
  for (const name of ["ci", "CI-RUNNER", "ci-runner ", "*.example.com", "", "0".repeat(64)]) {
    assert.equal(named(name), "read-only", name);
  }
});

Deno.test("who has shown no certificate, or has no address, is surely not meant by rules about them", () => {
  const gate = gateOf(
    { certificates: ["ci-runner"], policy: "full" },
    { addresses: [parseRange("0.0.0.0/0")!], policy: "operator" },
  );
  assert.deepEqual(chosen(gate, from({}))[0], "operator");
  assert.deepEqual(chosen(gate, { uid: 0, gid: 0, groups: [] })[0], "read-only");
});

Deno.test("a container is met by name, whole id and labels", () => {
  const inside = [container("web", { team: "ci", constructor: "x" })];
  const met = (rule: Omit<ClientRule, "origin" | "policy">) =>
    chosen(gateOf({ ...rule, policy: "full" }), from({ inside }))[0] === "full";
  assert.ok(met({ containers: ["web"] }));
  assert.ok(met({ containers: ["web".padEnd(64, "0")] }));
  assert.ok(met({ labels: [["team", "ci"]] }));
  assert.ok(met({ containers: ["web"], labels: [["team", "ci"]] }));
  assert.ok(!met({ containers: ["web".padEnd(12, "0")] }));
  assert.ok(!met({ containers: ["we"] }));
  assert.ok(!met({ labels: [["team", ""]] }));
  assert.ok(!met({ labels: [["toString", "ci"]] }));
  assert.ok(!met({ containers: ["web"], labels: [["team", "x"]] }));
});

Deno.test("a container that is named with another's id is not taken for it", () => {
  const id = "a".repeat(64);
  const gate = gateOf({ containers: [id], policy: "full" });
  assert.equal(chosen(gate, from({ inside: [{ ...container("web"), id }] }))[0], "full");
  const impostor = { ...container("x"), name: id };
  assert.equal(chosen(gate, from({ inside: [impostor] }))[0], "read-only");
});

Deno.test("a rule holds for an address that several share only if it holds for each of them", () => {
  const [web, sidecar] = [container("web", { team: "a" }), container("sidecar", { team: "a" })];
  const gate = gateOf({ containers: ["web"], policy: "full" });
  assert.deepEqual(chosen(gate, from({ inside: [web, sidecar] })), [
    "deny",
    `${unsure}: it may be one of some containers`,
  ]);
  assert.deepEqual(chosen(gate, from({ inside: ["none", web] })), [
    "deny",
    `${unsure}: it may be one of some containers, or none`,
  ]);
  const team = gateOf({ labels: [["team", "a"]], policy: "full" });
  assert.equal(chosen(team, from({ inside: [web, sidecar] }))[0], "full");
  assert.equal(chosen(gate, from({ inside: ["none"] }))[0], "read-only");
});

Deno.test("why nobody knows the container is said, and only to rules about containers", () => {
  const unplaced = "172.18.0.4 is a network's gateway";
  const about = gateOf({ containers: ["web"], policy: "full" });
  assert.deepEqual(chosen(about, from({ unplaced })), ["deny", `${unsure}: ${unplaced}`]);
  assert.deepEqual(chosen(about, from({})), ["deny", unsure]);
  const uid = gateOf({ uids: [[0, 0]], policy: "full" });
  assert.deepEqual(chosen(uid, from({ unplaced })), ["deny", unsure]);
});

Deno.test("clients that differ in what is known of their address are told apart by the memory", () => {
  const choose = compileGate(gateOf({ containers: ["web"], policy: "full" }));
  const names = [
    from({ inside: [container("web")] }),
    from({ inside: [container("other")] }),
    from({}),
    from({ inside: [container("web")] }),
    from({ unplaced: "x" }),
  ].map((peer) => choose("tcp", peer).policy.name);
  assert.deepEqual(names, ["full", "read-only", "deny", "full", "deny"]);
});
