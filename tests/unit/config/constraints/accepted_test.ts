import assert from "node:assert/strict";
import { parseSize } from "../../../../lib/config/constraints/size.ts";
import type { Constraints, Limits } from "../../../../lib/policy/constraints/types.ts";
import { load, problems } from "../fakes.ts";

function constraintsOf(operation: string, entry: string): Constraints {
  const result = load({
    "postern.yaml": "listeners: [{ socket: /p.sock }]\npolicies: policies\n",
    "policies/a.yaml": `name: x\nallow: ["*"]\nconstraints:\n  ${operation}: ${entry}\n`,
  });
  assert.ok(result.ok, problems(result).join("\n"));
  const { constraints } = result.config.gate.policies["x"]!.verdicts[operation]!;
  assert.ok(constraints);
  return constraints;
}

const cases: [entry: string, limits: Limits][] = [
  ["{ images: alpine }", { images: ["alpine"] }],
  ["{ images: any }", { images: "any" }],
  ["{ images: [] }", { images: [] }],
  ["{ host_mounts: any }", { host_mounts: "any" }],
  ["{ host_mounts: /srv }", { host_mounts: [{ path: "/srv" }] }],
  ["{ host_mounts: / }", { host_mounts: [{ path: "/" }] }],
  [
    "{ host_mounts: { path: /srv, read_only: true } }",
    { host_mounts: [{ path: "/srv", read_only: true }] },
  ],
  ["{ host_mounts: [{ path: /srv, read_only: false }] }", { host_mounts: [{ path: "/srv" }] }],
  ["{ capabilities: [CAP_SYS_TIME, net_raw, ALL] }", {
    capabilities: ["SYS_TIME", "NET_RAW", "ALL"],
  }],
  ["{ ports: [80, '[::1]:80-90/udp', '*:1-2'] }", { ports: ["80", "[::1]:80-90/udp", "*:1-2"] }],
  ["{ user: 1000 }", { user: ["1000"] }],
  ["{ user: non-root }", { user: "non-root" }],
  ["{ user: [1000:*, www-data] }", { user: ["1000:*", "www-data"] }],
  ["{ restart_policies: [no, on-failure] }", { restart_policies: ["no", "on-failure"] }],
  ["{ ipc_mode: none }", { ipc_mode: ["none"] }],
  ["{ pid_mode: [host, 'container:ci-*'] }", { pid_mode: ["host", "container:ci-*"] }],
  ["{ required_labels: { team: ci, tier: 1, gone: false } }", {
    required_labels: { team: "ci", tier: "1", gone: "false" },
  }],
  ["{ refused_env: LD_PRELOAD }", { refused_env: ["LD_PRELOAD"] }],
  ["{ memory: 1048576, cpus: 0.5, pids: 10 }", { memory: 1048576, cpus: 0.5, pids: 10 }],
  ["{ body_limit: 64KiB, unknown_fields: allow }", { body_limit: 65536, unknown_fields: "allow" }],
];
for (const [entry, limits] of cases) {
  Deno.test(`containers.create takes ${entry}`, () => {
    const found = constraintsOf("containers.create", entry);
    const written = Object.keys(limits) as (keyof Limits)[];
    assert.deepEqual(Object.fromEntries(written.map((key) => [key, found.limits[key]])), limits);
    for (const key of written) assert.equal(found.origins[key], "policies/a.yaml:4");
    assert.ok(found.limits.sysctls !== undefined, "the safe defaults stand under it");
  });
}

Deno.test("a group's keys reach the operations that know them, and a more specific entry wins key by key", () => {
  const result = load({
    "postern.yaml": "listeners: [{ socket: /p.sock }]\npolicies: policies\n",
    "policies/a.yaml": [
      "name: x",
      'allow: ["*"]',
      "constraints:",
      "  containers.exec: { user: [app] }",
      "  containers.*: { user: non-root, pids: 9, containers: { label: [a, b=c] } }",
      "  '*': { containers: { name: x }, pids: 1, required_labels: { team: ci } }",
    ].join("\n"),
  });
  assert.ok(result.ok, problems(result).join("\n"));
  const { verdicts } = result.config.gate.policies["x"]!;
  const limits = (operation: string): Limits => verdicts[operation]?.constraints?.limits ?? {};
  assert.deepEqual(limits("containers.exec").user, ["app"]);
  assert.deepEqual(limits("containers.exec").containers, [{ label: ["a", "b=c"] }]);
  assert.equal(limits("containers.exec").pids, undefined);
  assert.equal(limits("containers.create").user, "non-root");
  assert.equal(limits("containers.create").pids, 9);
  assert.deepEqual(limits("containers.create").required_labels, { team: "ci" });
  assert.deepEqual(limits("exec.start").containers, [{ name: ["x"] }]);
  assert.equal(verdicts["containers.list"]!.constraints, undefined);
});

Deno.test("selectors that were opened limit nothing again", () => {
  const result = load({
    "postern.yaml": "listeners: [{ socket: /p.sock }]\npolicies: policies\n",
    "policies/a.yaml": "name: a\nallow: [containers.stop]\n" +
      "constraints: { containers.stop: { containers: { name: x } } }\n",
    "policies/b.yaml": "name: b\nextends: a\n" +
      "constraints: { containers.stop: { containers: any } }\n",
  });
  assert.ok(result.ok, problems(result).join("\n"));
  assert.equal(
    result.config.gate.policies["b"]!.verdicts["containers.stop"]!.constraints,
    undefined,
  );
});

Deno.test("a parent's group reaches what a child allows anew", () => {
  const result = load({
    "postern.yaml": "listeners: [{ socket: /p.sock }]\npolicies: policies\n",
    "policies/a.yaml": "name: a\nconstraints: { containers.*: { containers: { name: x } } }\n",
    "policies/b.yaml": "name: b\nextends: a\nallow: [containers.kill]\n",
  });
  assert.ok(result.ok, problems(result).join("\n"));
  const { constraints } = result.config.gate.policies["b"]!.verdicts["containers.kill"]!;
  assert.deepEqual(constraints?.limits.containers, [{ name: ["x"] }]);
  assert.equal(constraints.origins.containers, "policies/a.yaml:2");
});

const sizes: [text: string | number, bytes: number | undefined][] = [
  ["2GiB", 2 ** 31],
  ["2GB", 2 ** 31],
  ["512m", 512 * 2 ** 20],
  ["1.5g", 1.5 * 2 ** 30],
  ["64 KiB", 65536],
  ["1t", 2 ** 40],
  ["100b", 100],
  ["100", 100],
  [100, 100],
  ["", undefined],
  ["m", undefined],
  ["-1m", undefined],
  ["0x10", undefined],
  ["1e3", undefined],
  ["0.1b", undefined],
  ["99999999t", undefined],
  ["1ki b", undefined],
];
for (const [text, bytes] of sizes) {
  Deno.test(`the size ${JSON.stringify(text)}`, () => {
    const parsed = parseSize(text);
    assert.equal("value" in parsed ? parsed.value : undefined, bytes);
  });
}
