import assert from "node:assert/strict";
import { Epoll } from "../../../lib/linux/epoll.ts";
import { write } from "../../../lib/linux/io.ts";
import { Memory } from "../../../lib/linux/memory.ts";
import { BLOCKED, Endpoint } from "../../../lib/relay/endpoint.ts";
import { scratch } from "../../../lib/relay/flow.ts";
import { Inbox } from "../../../lib/relay/inbox.ts";
import { SocketPair } from "../../support/socket_pair.ts";

const epoll = new Epoll(1);

/** An inbox, and a way to send to it. */
class Line implements Disposable {
  readonly inbox = new Inbox();
  readonly #pair = new SocketPair();
  readonly #endpoint: Endpoint;

  constructor() {
    this.#endpoint = new Endpoint(this.#pair.one, epoll);
  }

  /** Sends a text and reads it, as one event would have it. */
  fill(text: string): number {
    write(this.#pair.other, new TextEncoder().encode(text), text.length);
    this.#endpoint.readable = true;
    return this.inbox.fill(this.#endpoint);
  }

  /** What is not taken yet. */
  get rest(): string {
    const { bytes, start, end } = this.inbox;
    return new TextDecoder().decode(bytes.subarray(start, end));
  }

  [Symbol.dispose](): void {
    this.#pair[Symbol.dispose]();
  }
}

Deno.test("a head is found once its last byte is there, however it was cut", () => {
  const head = "GET / HTTP/1.1\r\nHost: d\r\n\r\n";
  for (let cut = 1; cut < head.length; cut++) {
    using line = new Line();
    line.fill(head.slice(0, cut));
    assert.equal(line.inbox.findHead(), -1, `cut at ${cut}`);
    line.inbox.keep();
    line.fill(`${head.slice(cut)}next`);
    assert.equal(line.inbox.findHead(), head.length, `cut at ${cut}`);
    line.inbox.take(head.length);
    assert.equal(line.rest, "next");
  }
});

Deno.test("what is kept is safe from whoever reads into the shared memory next", () => {
  using line = new Line();
  line.fill("first\r\n\r\nsecond");
  assert.equal(line.inbox.findHead(), 9);
  line.inbox.take(9);
  line.inbox.keep();
  scratch.bytes.fill(0x21, 0, 100);
  assert.equal(line.rest, "second");
  line.fill("\r\n\r\nthird");
  assert.equal(line.inbox.findHead(), 10);
  line.inbox.take(10);
  assert.equal(line.rest, "third");
});

Deno.test("a head stays found while more comes behind it", () => {
  using line = new Line();
  line.fill("a\r\n\r\n");
  assert.equal(line.inbox.findHead(), 5);
  line.inbox.keep();
  line.fill("b".repeat(20_000));
  assert.equal(line.inbox.findHead(), 5);
  assert.equal(line.rest.length, 5 + 16 * 1024, "one read takes no more than 16 KiB");
});

Deno.test("a head that comes in many pieces is put together whole", () => {
  using line = new Line();
  const head = `GET / HTTP/1.1\r\n${"X: y\r\n".repeat(9000)}\r\n`;
  for (let at = 0; at < head.length; at += 997) {
    line.fill(head.slice(at, at + 997));
    line.inbox.findHead();
    line.inbox.keep();
  }
  assert.equal(line.inbox.findHead(), head.length);
  assert.equal(line.rest, head);
});

Deno.test("nothing is asked of a side that has nothing", () => {
  const line = new Line();
  assert.equal(line.fill(""), BLOCKED);
  line[Symbol.dispose]();
  const endpoint = new Endpoint(-1, epoll);
  endpoint.readable = false;
  assert.equal(new Inbox().fill(endpoint), BLOCKED);
});

Deno.test("an inbox from which everything is taken holds no memory", () => {
  const inbox = new Inbox();
  inbox.put(new Memory(new Uint8Array(200_000)));
  inbox.take(200_000);
  inbox.keep();
  assert.ok(inbox.bytes.length <= 1);
});
