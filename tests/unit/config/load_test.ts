import assert from "node:assert/strict";
import type { Config } from "../../../lib/config/types.ts";
import { load } from "./fakes.ts";

const CONFIG = `upstream: unix:///var/run/docker.sock

listeners:
  - socket: /run/postern/ci.sock
    mode: 0660
    user: root
    group: ci
    policy: read-only
  - socket: /run/postern//ops.sock
    user: 1001
    policy: full
    backlog: 16
    max_connections: 100
  - { socket: /run/agent.sock, name: agent, protocol: raw, upstream: /run/ssh, policy: full }

clients:
  - uid: 0
    policy: full
  - group: ci
    listener: ci
    policy: team-ci
  - uid: [7, 2000-2999]
    listener: [ci, ops]
    policy: read-only

policies: policies/
default: operator
audit: { file: /var/log/postern/audit.jsonl }
workers: 2
log: { level: warning }
`;

const TEAM_CI = `name: team-ci
extends: base
clients:
  - { group: [ci, docker], listener: ci }
allow:
  - containers: [create, start]
  - images: pull
  - volumes.*
deny:
  - containers.export
`;

const files = {
  "postern.yaml": CONFIG,
  "policies/team-ci.yaml": TEAM_CI,
  "policies/base.yml": "name: base\nextends: read-only\nclients: [{ user: runner }]\n",
  "policies/README.md": "not a policy",
  "policies/.#base.yml": "an editor's lock",
};

function loaded(...given: Parameters<typeof load>): Config {
  const result = load(...given);
  assert.ok(result.ok, JSON.stringify(result));
  return result.config;
}

Deno.test("listeners are resolved: names, modes, owners, upstreams", () => {
  const upstream = "/var/run/docker.sock";
  assert.deepEqual(loaded(files).listeners, [
    {
      name: "ci",
      socket: "/run/postern/ci.sock",
      mode: 0o660,
      uid: 0,
      gid: 2001,
      protocol: "http",
      upstream,
      backlog: 1024,
      origin: "postern.yaml:4",
    },
    {
      name: "ops",
      socket: "/run/postern/ops.sock",
      mode: 0o600,
      uid: 1001,
      protocol: "http",
      upstream,
      backlog: 16,
      maxConnections: 100,
      origin: "postern.yaml:9",
    },
    {
      name: "agent",
      socket: "/run/agent.sock",
      mode: 0o600,
      protocol: "raw",
      upstream: "/run/ssh",
      backlog: 1024,
      origin: "postern.yaml:14",
    },
  ]);
});

Deno.test("client rules come from the config first, then from the policy files by path", () => {
  assert.deepEqual(loaded(files).gate.clients, [
    { uids: [[0, 0]], policy: "full", origin: "postern.yaml:17" },
    { gids: [[2001, 2001]], listeners: ["ci"], policy: "team-ci", origin: "postern.yaml:19" },
    {
      uids: [[7, 7], [2000, 2999]],
      listeners: ["ci", "ops"],
      policy: "read-only",
      origin: "postern.yaml:22",
    },
    { uids: [[1002, 1002]], policy: "base", origin: "policies/base.yml:3" },
    {
      gids: [[2001, 2001], [2002, 2002]],
      listeners: ["ci"],
      policy: "team-ci",
      origin: "policies/team-ci.yaml:4",
    },
  ]);
});

Deno.test("the gate knows listener policies, the default and every policy", () => {
  const { gate } = loaded(files);
  assert.deepEqual(gate.listenerPolicies, { ci: "read-only", ops: "full", agent: "full" });
  assert.equal(gate.defaultPolicy, "operator");
  assert.deepEqual(
    Object.keys(gate.policies).sort(),
    ["base", "deny", "full", "operator", "read-only", "team-ci"],
  );
});

Deno.test("a policy file opens what it allows, and its rules name their lines", () => {
  const verdicts = loaded(files).gate.policies["team-ci"]?.verdicts ?? {};
  assert.equal(verdicts["containers.create"]?.allow, true);
  assert.match(verdicts["containers.create"]?.rule ?? "", /^policies\/team-ci\.yaml:6 /);
  assert.equal(verdicts["images.pull"]?.allow, true);
  assert.equal(verdicts["volumes.create"]?.allow, true);
  assert.equal(verdicts["containers.list"]?.allow, true);
  assert.equal(verdicts["containers.remove"]?.allow, false);
  assert.match(verdicts["containers.export"]?.rule ?? "", /^policies\/team-ci\.yaml:10 /);
});

Deno.test("times are seconds; a gate drains for ten of them, and rotates nothing, where nothing is said", () => {
  const config = "listeners: [{ socket: /p.sock, rotate: 1d }, { socket: /q.sock }]\n";
  const said = loaded({ "postern.yaml": `${config}drain: 2m\n` });
  assert.equal(said.drain, 120);
  assert.deepEqual(said.listeners.map(({ rotate }) => rotate), [86_400, undefined]);
  assert.equal(loaded({ "postern.yaml": config }).drain, 10);
});

Deno.test("audit, workers and log are taken over", () => {
  const { audit, workers, log } = loaded(files);
  assert.deepEqual(audit, { to: "file", path: "/var/log/postern/audit.jsonl" });
  assert.equal(workers, 2);
  assert.deepEqual(log, { level: "warning", format: "text" });
});

Deno.test("one listener is enough: everything else has a safe default", () => {
  const config = loaded("listeners: [{ socket: /run/p.sock }]\n");
  assert.equal(config.listeners[0]?.mode, 0o600);
  assert.equal(config.listeners[0]?.upstream, "/var/run/docker.sock");
  assert.deepEqual(config.gate.clients, []);
  assert.deepEqual(config.gate.listenerPolicies, {});
  assert.equal(config.gate.defaultPolicy, "deny");
  assert.deepEqual(config.audit, { to: "stderr" });
  assert.equal(config.workers, 1);
});

for (const mode of ["0660", '"0660"', "660", "0o660", '"u=rw,g=rw"', "u=rw,g=rw", "'660'"]) {
  Deno.test(`mode: ${mode} in YAML is octal 0660`, () => {
    const config = loaded(`listeners:\n  - socket: /run/p.sock\n    mode: ${mode}\n`);
    assert.equal(config.listeners[0]?.mode, 0o660);
  });
}

Deno.test("a client rule's user and group can be numbers, as a listener's can", () => {
  const rule = "{ user: 0, group: [ci, 3000], policy: read-only }";
  const config = loaded(`listeners: [{ socket: /p.sock }]\nclients: [${rule}]\n`);
  assert.deepEqual(config.gate.clients, [{
    uids: [[0, 0]],
    gids: [[2001, 2001], [3000, 3000]],
    policy: "read-only",
    origin: "postern.yaml:2",
  }]);
});

Deno.test("the environment beats the file, and flags beat the environment", () => {
  const env = {
    POSTERN_UPSTREAM: "unix:///run/a.sock",
    POSTERN_AUDIT: "off",
    POSTERN_WORKERS: "3",
  };
  const fromEnv = loaded(files, { env });
  assert.equal(fromEnv.listeners[0]?.upstream, "/run/a.sock");
  assert.equal(fromEnv.listeners[2]?.upstream, "/run/ssh");
  assert.deepEqual([fromEnv.audit, fromEnv.workers], [{ to: "off" }, 3]);

  const overrides = { upstream: "/run/b.sock", audit: "/log", workers: 4 };
  const fromFlags = loaded(files, { env, overrides });
  assert.equal(fromFlags.listeners[0]?.upstream, "/run/b.sock");
  assert.deepEqual([fromFlags.audit, fromFlags.workers], [{ to: "file", path: "/log" }, 4]);
});

Deno.test("an empty variable counts as not set", () => {
  assert.equal(loaded(files, { env: { POSTERN_WORKERS: "" } }).workers, 2);
});

Deno.test("policies can be files, globs and folders, each file read once", () => {
  const config = loaded({
    ...files,
    "postern.yaml":
      "listeners: [{ socket: /p.sock, name: ci }]\npolicies: [./policies, policies/*.yml, policies/team-ci.yaml]\n",
  });
  assert.deepEqual(config.gate.clients.map(({ policy }) => policy), ["base", "team-ci"]);
});

Deno.test("policy files are found beside a config file in another folder", () => {
  const config = loaded(
    {
      "etc/postern.yaml": "listeners: [{ socket: /p.sock }]\npolicies: '*.yaml'\n",
      "etc/base.yaml": "name: base\nclients: [{ uid: 1 }]\n",
    },
    { file: "etc/postern.yaml" },
  );
  assert.deepEqual(config.gate.clients.map(({ origin }) => origin), ["base.yaml:2"]);
});

Deno.test("another audit file is held to what the configured one is", () => {
  const audit = "{ file: /log, required: true, rotate: { size: 2MiB } }";
  const text = `listeners: [{ socket: /run/p.sock }]\naudit: ${audit}\n`;
  const rotate = { size: 2 * 1024 * 1024, keep: 8 };
  assert.deepEqual(loaded(text).audit, { to: "file", path: "/log", required: true, rotate });
  const elsewhere = loaded(text, { overrides: { audit: "/other" } });
  assert.deepEqual(elsewhere.audit, { to: "file", path: "/other", required: true, rotate });
  assert.deepEqual(loaded(text, { overrides: { audit: "off" } }).audit, { to: "off" });
});
