import assert from "node:assert/strict";
import { parseJson } from "../../../lib/json/parse.ts";
import type { Finding } from "../../../lib/policy/constraints/types.ts";
import { recallFinding, rememberFinding } from "../../../lib/relay/heard.ts";
import type { Judged } from "../../../lib/relay/judge.ts";

const body = new TextEncoder().encode('{"Image":"a"}');
/** All that is kept of a head here is what was heard behind it. */
const head = () => ({}) as Judged;

Deno.test("of a body that is filled in its text is remembered, not what it was parsed into", () => {
  const document = parseJson(body);
  const edits = [{ start: 1, end: 1, text: '"User":"1",' }];
  const judged = head();
  rememberFinding(judged, body, { ok: true, document, edits, added: ["user=1"] });
  assert.deepEqual(recallFinding(judged, body), {
    ok: true,
    document: { text: '{"Image":"a"}' },
    edits,
    added: ["user=1"],
  });
});

Deno.test("heads are forgotten in the order in which they came, bodies over the limit are not kept", () => {
  const finding: Finding = { ok: true, edits: [], added: [] };
  const first = head();
  rememberFinding(first, body, finding);
  const others = Array.from({ length: 256 }, head);
  for (const other of others.slice(0, 255)) rememberFinding(other, body, finding);
  assert.notEqual(recallFinding(first, body), undefined);
  rememberFinding(others[255]!, body, finding);
  assert.equal(recallFinding(first, body), undefined);
  const long = new Uint8Array(64 * 1024 + 1);
  const late = head();
  rememberFinding(late, long, finding);
  assert.equal(recallFinding(late, long), undefined);
});
