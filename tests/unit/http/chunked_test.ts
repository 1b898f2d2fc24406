import assert from "node:assert/strict";
import fc from "fast-check";
import { ChunkedScanner } from "../../../lib/http/chunked.ts";
import { HeadError } from "../../../lib/http/fields.ts";

const bytes = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));

/** Feeds `text` in pieces of `step` bytes; returns where the body ended, or -1 when it has not. */
function scan(text: string, step = text.length): number {
  const raw = bytes(text);
  const scanner = new ChunkedScanner();
  for (let at = 0; at < raw.length && !scanner.done; at += step) {
    const end = Math.min(at + step, raw.length);
    const consumed = scanner.feed(raw, at, end);
    if (scanner.done) return consumed;
    assert.equal(consumed, end, "everything is taken until the end");
  }
  return scanner.done ? raw.length : -1;
}

const whole: [name: string, body: string][] = [
  ["an empty body", "0\r\n\r\n"],
  ["one chunk", "3\r\nabc\r\n0\r\n\r\n"],
  ["sizes in both cases", "a\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n\r\n"],
  ["data that looks like framing", "7\r\n0\r\n\r\n\r\n\r\n0\r\n\r\n"],
  ["trailers", "1\r\nx\r\n0\r\nA: b\r\nC: d e\r\n\r\n"],
];

for (const [name, body] of whole) {
  Deno.test(`the end of a chunked body with ${name} is found, however it is cut`, () => {
    for (let step = 1; step <= body.length + 1; step++) {
      assert.equal(scan(body + "GET / HTTP/1.1", step), body.length, `pieces of ${step}`);
    }
  });
}

const refused: [name: string, body: string][] = [
  ["a blank before the size", " 3\r\nabc\r\n0\r\n\r\n"],
  ["a blank behind the size", "3 \r\nabc\r\n0\r\n\r\n"],
  ["0x", "0x3\r\nabc\r\n0\r\n\r\n"],
  ["a sign", "+3\r\nabc\r\n0\r\n\r\n"],
  ["leading zeros", "003\r\nabc\r\n0\r\n\r\n"],
  ["a last chunk of two zeros", "3\r\nabc\r\n00\r\n\r\n"],
  ["an extension", "3;a=b\r\nabc\r\n0\r\n\r\n"],
  ["an empty size", "\r\nabc\r\n0\r\n\r\n"],
  ["a bare LF behind the size", "3\nabc\r\n0\r\n\r\n"],
  ["a bare LF behind the data", "3\r\nabc\n0\r\n\r\n"],
  ["more data than announced", "3\r\nabcd\r\n0\r\n\r\n"],
  ["a bare LF at the end", "0\r\n\n"],
  ["a bare LF in a trailer", "0\r\nA: b\n\r\n"],
  ["a trailer without a colon", "0\r\nnonsense\r\n\r\n"],
  ["a folded trailer", "0\r\nA: b\r\n c\r\n\r\n"],
  ["a size of 13 digits", "1000000000000\r\n"],
  ["trailers without end", `0\r\n${"A: bbbbbbbbbb\r\n".repeat(1000)}`],
];

for (const [name, body] of refused) {
  Deno.test(`a chunked body with ${name} is refused, however it is cut`, () => {
    assert.throws(() => scan(body), HeadError);
    assert.throws(() => scan(body, 1), HeadError);
  });
}

Deno.test("any chunking of any data ends exactly where it was made to end", () => {
  const chunk = fc.string({ unit: "binary", minLength: 1, maxLength: 300 }).map((s) =>
    [...s].map((c) => String.fromCharCode(c.charCodeAt(0) & 0xff)).join("")
  );
  fc.assert(
    fc.property(fc.array(chunk, { maxLength: 8 }), fc.integer({ min: 1, max: 64 }), fc.string(), (
      chunks,
      step,
      rest,
    ) => {
      const body = chunks.map((c) => `${c.length.toString(16)}\r\n${c}\r\n`).join("") +
        "0\r\n\r\n";
      const after = [...rest].map((c) => String.fromCharCode(c.charCodeAt(0) & 0x7f)).join("");
      assert.equal(scan(body + after, step), body.length);
    }),
    { numRuns: 500 },
  );
});
