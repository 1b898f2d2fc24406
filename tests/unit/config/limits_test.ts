import assert from "node:assert/strict";
import type { PolicyLimits } from "../../../lib/policy/types.ts";
import { load, problems } from "./fakes.ts";

function loaded(limits: string, more = "") {
  return load({
    "postern.yaml": "listeners: [{ socket: /p.sock }]\npolicies: policies\n",
    "policies/a.yaml": `name: x\nextends: read-only\nlimits: ${limits}\n`,
    ...(more === "" ? {} : { "policies/b.yaml": more }),
  });
}

const taken: [limits: string, read: PolicyLimits][] = [
  ["{ connections: 10, streams: 3 }", { connections: 10, streams: 3 }],
  ["{ requests_per_second: 0.5 }", { requests_per_second: 0.5 }],
  ["{ body: 10MiB, idle: 5m }", { body: 10 * 1024 * 1024, idle: 300 }],
  ["{ time: 90, stream_idle: 1.5h }", { time: 90, stream_idle: 5400 }],
  ["{ idle: 2 m, time: 1d }", { idle: 120, time: 86_400 }],
];
for (const [limits, read] of taken) {
  Deno.test(`limits: ${limits} is read`, () => {
    const result = loaded(limits);
    assert.ok(result.ok, problems(result).join("\n"));
    assert.deepEqual(result.config.gate.policies["x"]!.limits, read);
  });
}

for (
  const limits of [
    "{ connections: 0 }",
    "{ streams: 1.5 }",
    "{ requests_per_second: 0 }",
    "{ requests_per_second: -1 }",
    "{ body: 0 }",
    "{ body: much }",
    "{ idle: 0s }",
    "{ idle: 5 minutes }",
    "{ time: 21d }",
    "{ stream_idle: -1 }",
    "{ conections: 1 }",
    "10",
  ]
) {
  Deno.test(`limits: ${limits} is refused where it stands`, () => {
    const result = loaded(limits);
    assert.ok(!result.ok);
    assert.equal(result.diagnostics.length, 1);
    assert.equal(result.diagnostics[0]!.line, 3);
  });
}

Deno.test("a policy's limits replace those of the one it extends one by one", () => {
  const child = "name: y\nextends: x\nlimits: { streams: 9 }\n";
  const result = loaded("{ connections: 1, streams: 1 }", child);
  assert.ok(result.ok);
  assert.deepEqual(result.config.gate.policies["y"]!.limits, { connections: 1, streams: 9 });
});
