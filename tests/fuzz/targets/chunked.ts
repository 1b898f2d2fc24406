import assert from "node:assert/strict";
import { chunkData, ChunkedScanner } from "../../../lib/http/chunked.ts";
import { HeadError } from "../../../lib/http/fields.ts";
import { lenientReaders } from "../../support/readers/lenient.ts";
import { llhttpReaders } from "../../support/readers/llhttp.ts";
import { bytes, latin1 } from "../../support/wire.ts";
import { chunkedBodies, framingTokens } from "../grammar_requests.ts";
import type { Target } from "../target.ts";

const head = "POST /build HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n";
const next = "GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n";

/** A chunked body: it ends at one place however it is cut, and every server that takes it has the same data. */
export const chunked: Target = {
  name: "chunked",
  grammar: chunkedBodies,
  tokens: framingTokens,
  check(input) {
    const whole = scan(input, input.length || 1);
    for (const step of [1, 2, 3, 7]) assert.deepEqual(scan(input, step), whole, `cut by ${step}`);
    if (typeof whole === "string") return whole;
    const raw = bytes(input);
    const body = latin1(chunkData(raw, 0, whole));
    for (const reader of [...lenientReaders, ...llhttpReaders]) {
      const { requests } = reader.read(head + input.slice(0, whole) + next);
      if (requests.length === 0) continue;
      const show = JSON.stringify([reader.name, input, requests]);
      assert.equal(requests[0]!.body, body, show);
      if (requests.length > 1) {
        assert.deepEqual(requests.slice(1), [{ method: "GET", target: "/_ping", body: "" }], show);
      }
    }
    return `ends, ${Math.min(body.length, 3)} of data`;
  },
};

/** Where the body ends, or why not. */
function scan(text: string, step: number): number | string {
  const raw = bytes(text);
  const scanner = new ChunkedScanner();
  try {
    for (let at = 0; at < raw.length; at += step) {
      const end = Math.min(at + step, raw.length);
      const taken = scanner.feed(raw, at, end);
      if (scanner.done) return taken;
      assert.equal(taken, end, "everything is taken until the end");
    }
    return "goes on";
  } catch (error) {
    if (!(error instanceof HeadError)) throw error;
    return error.message;
  }
}
