import assert from "node:assert/strict";
import { ChunkedScanner } from "../../../lib/http/chunked.ts";
import { chunked, CHUNKS_END, ChunksEnd } from "../../bench/chunks.ts";

const encoder = new TextEncoder();
const block = chunked(new Uint8Array(3 * 32 * 1024).fill(0x61));
const body = new Uint8Array([...block, ...encoder.encode(CHUNKS_END)]);

Deno.test("a block becomes chunks of 32 KiB that a strict reader takes", () => {
  assert.equal(block.length, 3 * (6 + 32 * 1024 + 2));
  const scanner = new ChunkedScanner();
  assert.equal(scanner.feed(body, 0, body.length), body.length);
  assert.ok(scanner.done);
});

Deno.test("the end of a chunked body is found however it is cut, and not before", () => {
  for (const step of [1, 2, 3, 4, 5, 6, 7, 1000, 32_768, body.length]) {
    const end = new ChunksEnd();
    const found: number[] = [];
    for (let at = 0; at < body.length; at += step) {
      const piece = body.subarray(at, at + step);
      if (end.reached(piece, piece.length)) found.push(at + piece.length);
    }
    assert.deepEqual(found, [body.length], `pieces of ${step}`);
  }
});

Deno.test("only the given length of a buffer is looked at", () => {
  const buffer = encoder.encode(`${CHUNKS_END}left over from an earlier read`);
  assert.equal(new ChunksEnd().reached(buffer, 4), false);
  assert.equal(new ChunksEnd().reached(buffer, 5), true);
});
