import assert from "node:assert/strict";
import fc from "fast-check";
import { auditLine, lineParts, peerJson } from "../../../lib/audit/record.ts";
import type { Target } from "../target.ts";

/** What a client or a peer can put into a record: whatever it is, the record is one line of JSON that says just that. */
export const audit: Target = {
  name: "audit",
  grammar: fc.string({ unit: "binary", maxLength: 700 }),
  tokens: [
    "\n",
    "\r\n",
    "\u2028",
    '"',
    "\\",
    '"}\n{"event":"decision"',
    "\0",
    "\ud800",
    "\x7f",
    "…",
  ],
  check(input) {
    const parts = lineParts({
      event: "decision",
      decision: "deny",
      reason: input,
      rule: input,
      policy: "full",
      mode: "enforce",
      request: { method: input, path: input, operation: "containers.list", apiVersion: input },
      added: [input],
    });
    const peer = { uid: 1, user: input, gid: 2, pid: 3, exe: input, container: input };
    const line = auditLine(parts, 0, "00ff", "ci", peerJson(peer));
    assert.equal(line.indexOf("\n"), line.length - 1, "one line");
    const record = JSON.parse(line);
    assert.equal(record.reason, input);
    assert.equal(record.rule, input);
    assert.deepEqual(record.added, [input]);
    assert.equal(record.listener, "ci");
    assert.equal(record.peer.user, input);
    assert.equal(record.peer.exe, input);
    assert.equal(record.request.method, input);
    const { path } = record.request;
    assert.ok(path === input || (path.length === 513 && input.startsWith(path.slice(0, 512))));
    return input.length > 512 ? "shortened" : "whole";
  },
};
