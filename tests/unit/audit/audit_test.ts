import assert from "node:assert/strict";
import { auditLine, type AuditRecord, lineParts, peerJson } from "../../../lib/audit/record.ts";
import { AuditWriter } from "../../../lib/audit/writer.ts";
import { close, O_APPEND, O_CREAT, O_WRONLY, open, pipe, read } from "../../../lib/linux/io.ts";

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

Deno.test("lines are written whole, in order and behind what the file holds, when they are flushed", async () => {
  const path = await Deno.makeTempFile();
  await Deno.writeTextFile(path, "before\n");
  const fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o600);
  const told: string[] = [];
  const writer = new AuditWriter(fd, false, (message) => told.push(message));
  writer.add("one\n");
  writer.add("zwölf\n");
  assert.equal(await Deno.readTextFile(path), "before\n");
  writer.flush();
  writer.flush();
  assert.equal(await Deno.readTextFile(path), "before\none\nzwölf\n");
  close(fd);
  await Deno.remove(path);
  assert.deepEqual(told, []);
});

Deno.test("a log that cannot be written is reported once, and once more when it can be again", () => {
  const told: string[] = [];
  // /dev/full fails every write with ENOSPC (full(4)).
  const fd = open("/dev/full", O_WRONLY, 0);
  const writer = new AuditWriter(fd, false, (message) => told.push(message));
  for (let i = 0; i < 3; i++) {
    writer.add("lost\n");
    writer.flush();
  }
  assert.equal(told.length, 1);
  assert.match(told[0]!, /^audit records are being lost: write: .*space/i);
  close(fd);
  const again = open("/dev/null", O_WRONLY, 0);
  assert.equal(again, fd, "the test needs the same number again");
  writer.add("kept\n");
  writer.flush();
  assert.deepEqual(told.slice(1), ["audit records are written again"]);
  close(again);
});

Deno.test("on a pipe that others write to as well, records go out whole and in order, cut into pieces between lines", () => {
  const { readEnd, writeEnd } = pipe(1 << 20)!;
  const writer = new AuditWriter(writeEnd, true, () => {});
  const lines = Array.from({ length: 40 }, (_, i) => `${i} ${"ü".repeat(400)}\n`);
  for (const line of lines) writer.add(line);
  writer.flush();
  const into = new Uint8Array(1 << 20);
  const n = read(readEnd, into, into.length);
  assert.equal(new TextDecoder().decode(into.subarray(0, n)), lines.join(""));
  close(readEnd);
  close(writeEnd);
});
