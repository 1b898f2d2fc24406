import assert from "node:assert/strict";
import { close, pipe, receive, send, writeFrom } from "../../../lib/linux/io.ts";
import { Memory } from "../../../lib/linux/memory.ts";
import { SocketPair } from "../../support/socket_pair.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

for (const [write, name] of [[send, "sent"], [writeFrom, "written"]] as const) {
  Deno.test(`bytes are ${name} from an offset and received at another, and nothing around them is touched`, () => {
    using pair = new SocketPair();
    const from = new Memory(new TextEncoder().encode("....hello...."));
    const to = new Memory(new TextEncoder().encode("-------------"));
    assert.equal(write(pair.one, from, 4, 5), 5);
    assert.equal(receive(pair.other, to, 3, 10), 5);
    assert.equal(text(to.bytes), "---hello-----");
  });

  Deno.test(`bytes are ${name} from the beginning and received there, no more than were asked for`, () => {
    using pair = new SocketPair();
    const from = new Memory(new TextEncoder().encode("hello...."));
    const to = new Memory(new TextEncoder().encode("---------"));
    assert.equal(write(pair.one, from, 0, 5), 5);
    assert.equal(receive(pair.other, to, 0, 3), 3);
    assert.equal(text(to.bytes), "hel------");
    assert.equal(receive(pair.other, to, 0, 9), 2);
    assert.equal(text(to.bytes), "lol------");
    assert.equal(
      receive(pair.other, to, 0, 9),
      -1,
      "nothing is left, and a socket that does not block says so",
    );
  });
}

Deno.test("as much as the largest buffer holds is sent and received from the beginning", () => {
  using pair = new SocketPair();
  const from = new Memory(crypto.getRandomValues(new Uint8Array(60_000)));
  const to = new Memory(new Uint8Array(256 * 1024));
  assert.equal(send(pair.one, from, 0, 60_000), 60_000);
  assert.equal(receive(pair.other, to, 0, 256 * 1024), 60_000);
  assert.deepEqual(to.bytes.subarray(0, 60_000), from.bytes);
});

Deno.test("the address of a small array holds although the collector moves what is small", () => {
  using pair = new SocketPair();
  const memories = Array.from({ length: 200 }, (_, i) => new Memory(new Uint8Array([i])));
  // Enough garbage for many collections of the young generation.
  let garbage: unknown[] = [];
  for (let i = 0; i < 200_000; i++) garbage = [garbage.length, { i }];
  assert.equal(garbage.length, 2);
  for (const memory of memories) {
    for (const write of [send, writeFrom]) {
      assert.equal(write(pair.one, memory, 0, 1), 1);
      const back = new Memory(new Uint8Array(1));
      assert.equal(receive(pair.other, back, 0, 1), 1);
      assert.equal(back.bytes[0], memory.bytes[0]);
    }
  }
});

Deno.test("a view of a larger buffer is reached where it begins", () => {
  using pair = new SocketPair();
  const whole = new TextEncoder().encode("0123456789");
  for (const [offset, expected] of [[1, "678"], [0, "567"]] as const) {
    send(pair.one, new Memory(whole.subarray(5)), offset, 3);
    const back = new Memory(new Uint8Array(8));
    assert.equal(receive(pair.other, back, 0, 8), 3);
    assert.equal(text(back.bytes.subarray(0, 3)), expected);
  }
});

Deno.test("files and pipes are written from memory, too", () => {
  const { readEnd, writeEnd } = pipe(65536)!;
  assert.equal(writeFrom(writeEnd, new Memory(new Uint8Array(5)), 0, 5), 5);
  close(readEnd);
  close(writeEnd);
});

Deno.test("no call can reach behind the memory", () => {
  const memory = new Memory(new Uint8Array(10));
  for (const call of [receive, send, writeFrom]) {
    assert.throws(() => call(0, memory, 5, 6), RangeError);
    assert.throws(() => call(0, memory, 0, 11), RangeError);
    assert.throws(() => call(0, memory, 11, 0), RangeError);
  }
  assert.throws(() => new Memory(new Uint8Array(0)), RangeError);
});
