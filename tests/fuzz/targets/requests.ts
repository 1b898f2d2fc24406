import assert from "node:assert/strict";
import { judgeAnew } from "../../../lib/relay/judge.ts";
import { rewritten } from "../../../lib/relay/rewrite.ts";
import { full } from "../../../lib/policy/builtin.ts";
import { lenientReaders } from "../../support/readers/lenient.ts";
import { llhttpReaders } from "../../support/readers/llhttp.ts";
import { type Accepted, readAsPostern } from "../../support/readers/postern.ts";
import type { Reader } from "../../support/readers/reading.ts";
import { bytes, latin1 } from "../../support/wire.ts";
import { framingTokens, requestStreams } from "../grammar_requests.ts";
import type { Target } from "../target.ts";

const readers: readonly Reader[] = [...lenientReaders, ...llhttpReaders];

/** A connection's bytes: what Postern lets through of them is one request each, to every server that takes it at all. */
export const requests: Target = {
  name: "requests",
  grammar: requestStreams,
  tokens: framingTokens,
  check(input) {
    const own = readAsPostern(input);
    for (const request of own.accepted) {
      for (const reader of readers) agree(reader, request, sent(request));
    }
    togetherAgree(own.accepted);
    const kinds = own.accepted.map(({ method, complete, head }) =>
      `${method}${head.minor}${complete}${Math.sign(head.body)}${head.upgrade ?? ""}`
    );
    return `${kinds.join()} ${own.dropped} ${own.refusal}`;
  },
};

/** The bytes that go to the engine. */
function sent({ head, text }: Accepted): string {
  if (head.upgrade === undefined) return text;
  const judgement = judgeAnew({ policy: full, rule: "all" }, head.method, head.target);
  const raw = bytes(text) as Uint8Array<ArrayBuffer>;
  const other = rewritten({ head, judgement }, undefined, raw, 0, raw.length);
  return other === undefined ? text : latin1(other);
}

/** A server that takes a request takes this one, whole, and nothing else; of one that is not complete it takes none. */
function agree(reader: Reader, request: Accepted, text: string): void {
  const { requests: taken, end } = reader.read(text);
  const show = () => JSON.stringify([reader.name, text, taken, end]);
  if (!request.complete) {
    // Who ends lines at a CR has the end of the last chunk a byte before us, and then no other byte can follow.
    const early = taken.length === 1 && end === "clean" && text.endsWith("\r\n\r");
    assert.ok(taken.length === 0 || early, show());
    return;
  }
  if (end === "refused" && taken.length === 0) return;
  const { method, target, body } = request;
  assert.deepEqual(taken, [{ method, target, body }], show());
  // llhttp leaves what follows an upgrade alone; there is nothing that could follow.
  if (request.head.upgrade === undefined) assert.equal(end, "clean", show());
}

/** Requests without a body may share a connection. */
function togetherAgree(accepted: readonly Accepted[]): void {
  const bare = accepted.filter(({ head }) => head.body === 0 && head.upgrade === undefined);
  if (bare.length < 2) return;
  const text = bare.map((request) => request.text).join("");
  const expected = bare.map(({ method, target, body }) => ({ method, target, body }));
  for (const reader of readers) {
    const { requests: taken } = reader.read(text);
    assert.deepEqual(taken, expected.slice(0, taken.length), JSON.stringify([reader.name, text]));
  }
}
