import assert from "node:assert/strict";
import { auditLine, type AuditRecord, lineParts, peerJson } from "../../../lib/audit/record.ts";

const record: AuditRecord = {
  time: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
  id: "00000001",
  event: "decision",
  decision: "deny",
  reason: 'not "allowed"\n',
  rule: "policies/a.yaml:3",
  policy: "a",
  mode: "enforce",
  listener: "ci",
  request: { method: "GET", path: "/info", operation: "system.info", apiVersion: "1.41" },
  status: 403,
};

const lineOf = (record: AuditRecord, peer: string) =>
  auditLine(lineParts(record), record.time, record.id, record.listener, peer);

Deno.test("an audit line is one line of JSON with every field of the record, what is unknown as null", () => {
  const peer = { uid: 7, gid: 8, groups: [9], pid: 10, user: "u", exe: "/bin/x" };
  const line = lineOf(record, peerJson(peer));
  assert.equal(line.indexOf("\n"), line.length - 1);
  assert.deepEqual(JSON.parse(line), {
    time: "2026-01-02T03:04:05.678Z",
    id: "00000001",
    event: "decision",
    decision: "deny",
    reason: 'not "allowed"\n',
    rule: "policies/a.yaml:3",
    policy: "a",
    mode: "enforce",
    listener: "ci",
    peer: { uid: 7, user: "u", gid: 8, groups: [9], pid: 10, exe: "/bin/x", container: null },
    request: { method: "GET", path: "/info", operation: "system.info", api_version: "1.41" },
    status: 403,
    bytes_in: null,
    bytes_out: null,
    duration_ms: null,
  });
  const unknown = JSON.parse(lineOf({ ...record, request: {} }, peerJson({})));
  assert.deepEqual(Object.values(unknown.peer), Array(7).fill(null));
  assert.deepEqual(Object.values(unknown.request), Array(4).fill(null));
});

Deno.test("what a client can make as long as it likes is cut in a record", () => {
  const request = { method: "GET", path: `/${"x".repeat(2000)}` };
  const groups = Array.from({ length: 65_536 }, (_, i) => i);
  const line = lineOf({ ...record, request }, peerJson({ groups }));
  assert.ok(line.length < 2000);
  const { peer, request: { path } } = JSON.parse(line);
  assert.equal(path, `/${"x".repeat(511)}…`);
  assert.deepEqual(peer.groups, groups.slice(0, 64));
  assert.equal(peer.groups_omitted, 65_536 - 64);
});
