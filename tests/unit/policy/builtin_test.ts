import assert from "node:assert/strict";
import { deny, full, operator, readOnly } from "../../../lib/policy/builtin.ts";
import { decide } from "../../../lib/policy/decide.ts";
import { operationNamed, operations } from "../../../lib/policy/operations.ts";
import type { Policy } from "../../../lib/policy/types.ts";

function allows(policy: Policy, name: string): boolean {
  const operation = operationNamed(name);
  assert.ok(operation, name);
  return decide(policy, "test", { kind: "operation", operation }).allow;
}

Deno.test("deny allows nothing and full everything that is known", () => {
  for (const { name } of operations) {
    assert.equal(allows(deny, name), false, name);
    assert.equal(allows(full, name), true, name);
  }
});

Deno.test("no policy allows what the table does not know", () => {
  for (const policy of [deny, readOnly, operator, full]) {
    assert.equal(decide(policy, "test", { kind: "unknown" }).allow, false);
  }
});

Deno.test("read-only lists and inspects, follows events, stats and logs, pings and waits", () => {
  const readable = [
    "containers.list",
    "containers.inspect",
    "containers.top",
    "containers.logs",
    "containers.stats",
    "containers.wait",
    "images.list",
    "images.inspect",
    "images.history",
    "system.ping",
    "system.version",
    "system.info",
    "system.events",
    "volumes.list",
    "volumes.inspect",
    "networks.list",
    "networks.inspect",
    "nodes.list",
    "nodes.inspect",
    "services.list",
    "services.inspect",
    "services.logs",
    "tasks.list",
    "tasks.inspect",
    "tasks.logs",
    "podman-containers.list",
    "podman-containers.inspect",
    "podman-containers.exists",
    "podman-containers.top",
    "podman-containers.logs",
    "podman-containers.stats",
    "podman-containers.wait",
    "podman-images.list",
    "podman-images.inspect",
    "podman-images.exists",
    "podman-images.history",
    "podman-pods.list",
    "podman-pods.inspect",
    "podman-system.ping",
    "podman-system.version",
    "podman-system.info",
    "podman-system.events",
    "podman-volumes.list",
    "podman-volumes.inspect",
    "podman-networks.list",
    "podman-networks.inspect",
  ];
  for (const name of readable) assert.equal(allows(readOnly, name), true, name);
});

Deno.test("read-only changes nothing: it allows no operation that writes", () => {
  for (const { name, effect } of operations) {
    if (effect === "write") assert.equal(allows(readOnly, name), false, name);
  }
});

const closed = [
  "containers.archive-read",
  "containers.archive-stat",
  "containers.export",
  "images.save",
  "containers.attach",
  "containers.attach-websocket",
  "containers.exec",
  "exec.start",
  "exec.inspect",
  "checkpoints.list",
  "secrets.list",
  "secrets.inspect",
  "configs.list",
  "configs.inspect",
  "swarm.inspect",
  "swarm.unlock-key",
  "debug.vars",
  "debug.pprof",
  "plugins.list",
  "plugins.inspect",
  "plugins.privileges",
  "images.search",
  "distribution.inspect",
  "system.auth",
  "containers.top-args",
  "containers.list-size",
  "containers.inspect-size",
  "images.list-size",
  "system.df",
  "containers.changes",
  "raw.connect",
  "secrets.inspect-data",
  "podman-containers.archive-read",
  "podman-containers.archive-stat",
  "podman-containers.export",
  "podman-containers.attach",
  "podman-containers.exec",
  "podman-containers.healthcheck",
  "podman-containers.top-args",
  "podman-containers.list-size",
  "podman-containers.inspect-size",
  "podman-containers.show-mounted",
  "podman-containers.mount",
  "podman-containers.checkpoint",
  "podman-exec.start",
  "podman-exec.inspect",
  "podman-images.save",
  "podman-images.search",
  "podman-images.resolve",
  "podman-manifests.inspect",
  "podman-artifacts.extract",
  "podman-kube.play",
  "podman-kube.generate",
  "podman-systemd.generate",
  "podman-quadlets.install",
  "podman-quadlets.file",
  "podman-secrets.list",
  "podman-secrets.inspect",
  "podman-secrets.inspect-data",
  "podman-volumes.export",
  "podman-system.df",
];
for (const name of closed) {
  Deno.test(`read-only denies ${name} and says why`, () => {
    const operation = operationNamed(name);
    assert.ok(operation);
    const decision = decide(readOnly, "listener ci", { kind: "operation", operation });
    assert.equal(decision.allow, false);
    if (decision.allow) return;
    assert.ok(decision.reason.length > 10);
    assert.match(decision.hint, new RegExp(`extends read-only and allows ${name}`));
  });
}

Deno.test("operator adds to read-only the state of containers and pods and nothing else", () => {
  const added = operations.map(({ name }) => name)
    .filter((name) => allows(operator, name) && !allows(readOnly, name));
  assert.deepEqual(
    added.toSorted(),
    ["containers", "podman-containers", "podman-pods"].flatMap((group) =>
      ["kill", "pause", "restart", "start", "stop", "unpause"].map((verb) => `${group}.${verb}`)
    ),
  );
  for (const { name } of operations) if (allows(readOnly, name)) assert.ok(allows(operator, name));
});

Deno.test("the built-in policies are what the golden table says", async () => {
  const line = (name: string) =>
    [deny, readOnly, operator, full].map((p) => allows(p, name) ? p.name.padEnd(9) : " ".repeat(9));
  const table = operations.map(({ name }) => `${name.padEnd(28)} ${line(name).join(" ")}`.trimEnd())
    .join("\n") + "\n";
  const golden = new URL("../../golden/builtin.txt", import.meta.url);
  if (Deno.env.get("UPDATE_GOLDEN") === "1") await Deno.writeTextFile(golden, table);
  assert.equal(table, await Deno.readTextFile(golden));
});
