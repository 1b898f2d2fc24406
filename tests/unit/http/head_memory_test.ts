import assert from "node:assert/strict";
import { HeadMemory } from "../../../lib/http/head_memory.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("a head is recalled by its bytes, wherever they stand", () => {
  const memory = new HeadMemory<string>();
  const head = bytes("GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n");
  memory.remember(head, 0, head.length, "ping");
  const elsewhere = bytes(`xxx${new TextDecoder().decode(head)}yyy`);
  assert.equal(memory.recall(elsewhere, 3, 3 + head.length), "ping");
});

Deno.test("a head that differs in one byte, or is longer or shorter, is another", () => {
  const memory = new HeadMemory<string>();
  const head = bytes("GET /containers/a/json HTTP/1.1\r\nHost: d\r\n\r\n");
  memory.remember(head, 0, head.length, "a");
  for (let i = 0; i < head.length; i++) {
    const other = head.slice();
    other[i]! ^= 1;
    assert.equal(memory.recall(other, 0, other.length), undefined, `byte ${i}`);
  }
  assert.equal(memory.recall(head, 0, head.length - 1), undefined);
  assert.equal(memory.recall(bytes("G"), 0, 1), undefined);
});

Deno.test("what is remembered is a copy: the bytes may be used for something else afterwards", () => {
  const memory = new HeadMemory<string>();
  const scratch = bytes("GET /a HTTP/1.1\r\n\r\n");
  memory.remember(scratch, 0, scratch.length, "a");
  scratch.fill(0x62);
  assert.equal(memory.recall(scratch, 0, scratch.length), undefined);
  const again = bytes("GET /a HTTP/1.1\r\n\r\n");
  assert.equal(memory.recall(again, 0, again.length), "a");
});

Deno.test("a head that is too long to be remembered is never recalled", () => {
  const memory = new HeadMemory<string>();
  const long = bytes("x".repeat(513));
  memory.remember(long, 0, long.length, "long");
  assert.equal(memory.recall(long, 0, long.length), undefined);
});

Deno.test("however many heads there are, each recalls its own value or none", () => {
  const memory = new HeadMemory<number>();
  const heads = Array.from({ length: 5000 }, (_, i) => bytes(`GET /containers/${i}/json\r\n\r\n`));
  heads.forEach((head, i) => memory.remember(head, 0, head.length, i));
  const recalled = heads.map((head) => memory.recall(head, 0, head.length));
  recalled.forEach((value, i) => assert.ok(value === undefined || value === i));
  const kept = recalled.filter((value) => value !== undefined).length;
  assert.ok(kept > 500 && kept <= 1024, `${kept} of 5,000 are kept`);
});
