import assert from "node:assert/strict";
import { close, pipe, readInto, writeFrom } from "../../../lib/linux/io.ts";
import { Memory } from "../../../lib/linux/memory.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("bytes are written from an offset and read to another, and nothing around them is touched", () => {
  const { readEnd, writeEnd } = pipe(65536)!;
  const from = new Memory(new TextEncoder().encode("....hello...."));
  const to = new Memory(new TextEncoder().encode("-------------"));
  assert.equal(writeFrom(writeEnd, from, 4, 5), 5);
  assert.equal(readInto(readEnd, to, 3, 10), 5);
  assert.equal(text(to.bytes), "---hello-----");
  close(readEnd);
  close(writeEnd);
});

Deno.test("the address of a small array holds although the collector moves what is small", () => {
  const { readEnd, writeEnd } = pipe(65536)!;
  const memories = Array.from({ length: 200 }, (_, i) => new Memory(new Uint8Array([i])));
  // Enough garbage for many collections of the young generation.
  let garbage: unknown[] = [];
  for (let i = 0; i < 200_000; i++) garbage = [garbage.length, { i }];
  assert.equal(garbage.length, 2);
  for (const memory of memories) {
    assert.equal(writeFrom(writeEnd, memory, 0, 1), 1);
    const back = new Memory(new Uint8Array(1));
    assert.equal(readInto(readEnd, back, 0, 1), 1);
    assert.equal(back.bytes[0], memory.bytes[0]);
  }
  close(readEnd);
  close(writeEnd);
});

Deno.test("a view of a larger buffer is reached where it begins", () => {
  const { readEnd, writeEnd } = pipe(65536)!;
  const whole = new TextEncoder().encode("0123456789");
  writeFrom(writeEnd, new Memory(whole.subarray(5)), 1, 3);
  const back = new Memory(new Uint8Array(8));
  assert.equal(readInto(readEnd, back, 0, 8), 3);
  assert.equal(text(back.bytes.subarray(0, 3)), "678");
  close(readEnd);
  close(writeEnd);
});

Deno.test("no call can reach behind the memory", () => {
  const memory = new Memory(new Uint8Array(10));
  assert.throws(() => readInto(0, memory, 5, 6), RangeError);
  assert.throws(() => writeFrom(0, memory, 11, 0), RangeError);
  assert.throws(() => new Memory(new Uint8Array(0)), RangeError);
});
