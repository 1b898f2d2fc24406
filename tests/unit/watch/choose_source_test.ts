import assert from "node:assert/strict";
import { auditObstacle, chooseSource, ebpfObstacle } from "../../../lib/watch/choose_source.ts";

Deno.test("eBPF is taken where it works, else the audit log, else the reasons are told", () => {
  assert.deepEqual(chooseSource(undefined, {}), { source: "ebpf" });
  assert.deepEqual(chooseSource(undefined, { ebpf: "no BTF" }), { source: "audit" });
  assert.deepEqual(chooseSource(undefined, { ebpf: "no BTF", audit: "no auditd" }), {
    why: "ebpf: no BTF\naudit: no auditd",
  });
});

Deno.test("a source that was asked for is taken, or none", () => {
  assert.deepEqual(chooseSource("audit", {}), { source: "audit" });
  assert.deepEqual(chooseSource("audit", { audit: "no auditd" }), { why: "audit: no auditd" });
  assert.deepEqual(chooseSource("ebpf", { ebpf: "no BTF" }), { why: "ebpf: no BTF" });
});

Deno.test("eBPF takes root and bpftrace", () => {
  assert.match(ebpfObstacle(1000, true)!, /only root/);
  assert.match(ebpfObstacle(null, true)!, /only root/);
});

const rule = "-a always,exit -F arch=b64 -S connect -F path=/run/docker.sock -F key=docker_socket";
const audits: readonly [
  name: string,
  readable: boolean,
  rules: string | undefined,
  says?: RegExp,
][] = [
  ["a log that cannot be read", false, rule, /cannot be read: as root, apt-get install auditd/],
  ["our rule", true, `-a never,task\n${rule}\n`],
  ["no rules", true, "No rules\n", /lists no rule with the key docker_socket/],
  ["another key", true, `${rule}s\n`, /no rule/],
  ["no auditctl", true, undefined, /no rule/],
];

for (const [name, readable, rules, says] of audits) {
  Deno.test(`the audit log with ${name} ${says === undefined ? "serves" : "does not serve"}`, () => {
    const why = auditObstacle("/var/log/audit/audit.log", readable, rules, "docker_socket");
    if (says === undefined) assert.equal(why, undefined);
    else assert.match(why!, says);
  });
}
