// Who is who: listeners with modes and owners of their own, and rules by uid, range, group and listener.
import assert from "node:assert/strict";
import { type As, docker, engineSocket, engineTest } from "../support/docker.ts";
import { RunningGate } from "../support/gate.ts";

/** What `docker ps` and a denied `docker volume create` tell of the caller's policy. */
async function policyOf(socket: string, as: As): Promise<string> {
  const listed = await docker(socket, ["ps", "-q"], { as });
  if (/permission denied/.test(listed.err)) return "no access";
  const text = `${listed.out}${listed.err}`;
  if (listed.code !== 0) return /policy ([a-z-]+)/.exec(text)?.[1] ?? text;
  const pruned = await docker(socket, ["network", "prune", "-f"], { as });
  if (pruned.code === 0) return "full";
  return /policy ([a-z-]+)/.exec(pruned.err)?.[1] ?? pruned.err;
}

function stat(path: string): Record<"mode" | "uid" | "gid", number | null> & { socket: boolean } {
  const { mode, uid, gid, isSocket } = Deno.statSync(path);
  return { mode: mode! & 0o7777, uid, gid, socket: isSocket! };
}

engineTest(
  "several listeners at once have the modes and owners that the configuration says",
  async () => {
    await using gate = await RunningGate.serve({
      upstream: engineSocket,
      listeners: [
        { socket: "DIR/a.sock", mode: "0600", user: 1001, group: 1001, policy: "full" },
        { socket: "DIR/b.sock", mode: "0660", user: "root", group: 2500, policy: "read-only" },
        { socket: "DIR/c.sock", mode: "u=rw,g=rw,o=rw", policy: "read-only" },
        { socket: "DIR/d.sock" },
      ],
    });
    const at = (name: string) => `${gate.directory}/${name}.sock`;
    assert.deepEqual(["a", "b", "c", "d"].map((name) => stat(at(name))), [
      { mode: 0o600, uid: 1001, gid: 1001, socket: true },
      { mode: 0o660, uid: 0, gid: 2500, socket: true },
      { mode: 0o666, uid: 0, gid: 0, socket: true },
      { mode: 0o600, uid: 0, gid: 0, socket: true },
    ]);
    assert.equal(await policyOf(at("a"), { uid: 1001 }), "full");
    assert.equal(await policyOf(at("a"), { uid: 1002 }), "no access");
    assert.equal(await policyOf(at("b"), { uid: 1002, groups: [2500] }), "read-only");
    assert.equal(await policyOf(at("b"), { uid: 1002 }), "no access");
    assert.equal(await policyOf(at("c"), { uid: 1003 }), "read-only");
    assert.equal(await policyOf(at("d"), { uid: 1003 }), "no access");
    // Without a policy of its own and without a rule, even root gets the default: nothing.
    assert.equal(await policyOf(at("d"), { uid: 0 }), "deny");
    await gate.stop();
    for (const name of ["a", "b", "c", "d"]) {
      assert.throws(
        () => stat(at(name)),
        Deno.errors.NotFound,
      );
    }
  },
);

engineTest(
  "rules by uid, range, primary and supplementary group and listener: the first that matches decides",
  async () => {
    await using gate = await RunningGate.serve({
      upstream: engineSocket,
      listeners: [{ socket: "DIR/ci.sock", mode: "0666" }, {
        socket: "DIR/ops.sock",
        mode: "0666",
      }],
      clients: [
        { uid: 2005, policy: "deny" },
        { uid: "2000-2999", policy: "read-only" },
        { group: 3000, listener: "ci", policy: "operator" },
        { uid: [1001, 1004], listener: "ops", policy: "full" },
      ],
    });
    const [ci, ops] = [`${gate.directory}/ci.sock`, `${gate.directory}/ops.sock`];
    const outcomes = {
      "first in the range": await policyOf(ci, { uid: 2000 }),
      "last in the range": await policyOf(ci, { uid: 2999 }),
      "after the range": await policyOf(ci, { uid: 3000, gid: 1 }),
      "an earlier rule": await policyOf(ci, { uid: 2005 }),
      "primary group": await policyOf(ci, { uid: 1500, gid: 3000 }),
      "supplementary group": await policyOf(ci, { uid: 1500, groups: [7, 3000, 9] }),
      "the group on the other listener": await policyOf(ops, { uid: 1500, groups: [3000] }),
      "a uid of a list": await policyOf(ops, { uid: 1004 }),
      "that uid on the other listener": await policyOf(ci, { uid: 1004 }),
      "no rule": await policyOf(ci, { uid: 4711 }),
      "root without a rule": await policyOf(ops, { uid: 0 }),
    };
    assert.deepEqual(outcomes, {
      "first in the range": "read-only",
      "last in the range": "read-only",
      "after the range": "deny",
      "an earlier rule": "deny",
      "primary group": "operator",
      "supplementary group": "operator",
      "the group on the other listener": "deny",
      "a uid of a list": "full",
      "that uid on the other listener": "deny",
      "no rule": "deny",
      "root without a rule": "deny",
    });
  },
);

engineTest("a uid without a rule is told what would give it one", async () => {
  await using gate = await RunningGate.serve({
    upstream: engineSocket,
    listeners: [{ socket: "DIR/ci.sock", mode: "0666" }],
  });
  const { code, err } = await docker(`${gate.directory}/ci.sock`, ["ps"], { as: { uid: 4711 } });
  assert.equal(code, 1);
  assert.match(
    err,
    /postern: containers\.list denied for uid 4711: policy deny: .+\(request \w+\)/,
  );
});

engineTest("a team's own policy file claims its group and is held to its rules", async () => {
  const team = [
    "name: team-ci",
    "extends: read-only",
    "clients:",
    "  - { group: 3000, listener: ci }",
    "allow:",
    "  - containers: [create, start, wait, attach, remove]",
    "deny: [containers.logs]",
  ];
  await using gate = await RunningGate.serve({
    upstream: engineSocket,
    listeners: [{ socket: "DIR/ci.sock", mode: "0666", policy: "read-only" }],
    policies: "policies/",
  }, { "policies/team-ci.yaml": `${team.join("\n")}\n` });
  const socket = `${gate.directory}/ci.sock`;
  const member: As = { uid: 1001, groups: [3000] };
  const run = ["run", "--rm", "--network", "none", "bb", "echo", "built by the team"];
  const ran = await docker(socket, run, { as: member });
  assert.deepEqual([ran.code, ran.out], [0, "built by the team\n"]);
  const logs = await docker(socket, ["logs", "x"], { as: member });
  // The CLI looks at the container before it asks for its logs.
  assert.match(logs.err, /No such container: x/);
  const volume = await docker(socket, ["volume", "create"], { as: member });
  assert.match(volume.err, /volumes\.create denied for uid 1001( \(\S+\))?: policy team-ci: /);
  const other = await docker(socket, run, { as: { uid: 1001 } });
  assert.match(other.err, /containers\.create denied for uid 1001( \(\S+\))?: policy read-only: /);
});
