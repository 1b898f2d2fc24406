import assert from "node:assert/strict";
import { Epoll, EPOLLOUT } from "../../../lib/linux/epoll.ts";
import { close, read } from "../../../lib/linux/io.ts";
import { Memory } from "../../../lib/linux/memory.ts";
import { socketPair } from "../../../lib/linux/socket_pair.ts";
import { BLOCKED, Endpoint } from "../../../lib/relay/endpoint.ts";

const block = new Memory(new Uint8Array(64 * 1024));
const scratch = new Uint8Array(1024 * 1024);

/** One end that is watched, the other, and what epoll says now: whether EPOLLOUT was among it. */
function pair() {
  const [fd, other] = socketPair()!;
  const epoll = new Epoll(8);
  const endpoint = new Endpoint(fd, epoll);
  assert.ok(endpoint.register());
  const fill = () => {
    let sent = 0;
    for (let n = 0; (n = endpoint.send(block, 0, block.bytes.length)) > 0;) sent += n;
    return sent;
  };
  const drain = () => {
    let taken = 0;
    for (let n = 0; (n = read(other, scratch, scratch.length)) > 0;) taken += n;
    return taken;
  };
  const events = () => {
    if (epoll.wait(0) === 0) return false;
    endpoint.note(epoll.events(0));
    return (epoll.events(0) & EPOLLOUT) !== 0;
  };
  return { endpoint, fill, drain, events, [Symbol.dispose]: () => [fd, other].forEach(close) };
}

Deno.test("an endpoint that is full takes nothing, is told each time that there is room, and has more of it then", () => {
  using own = pair();
  const first = own.fill();
  assert.ok(own.endpoint.full);
  assert.equal(own.endpoint.send(block, 0, 1), BLOCKED);
  assert.equal(own.events(), false, "nothing was read");
  const sizes: number[] = [];
  for (let round = 0; round < 20; round++) {
    own.drain();
    assert.equal(own.events(), true, `round ${round}`);
    assert.equal(own.endpoint.full, false);
    sizes.push(own.fill());
    assert.ok(own.endpoint.full);
  }
  // Unless the host gives everybody more from the start, or less at all.
  const setting = (name: string) => Number(Deno.readTextFileSync(`/proc/sys/net/core/${name}`));
  if (setting("wmem_default") > 212_992 || setting("wmem_max") < 212_992) return;
  assert.ok(sizes.every((size) => size > 1.5 * first), `${first}, then ${sizes.join(", ")}`);
});

Deno.test("nobody is told of room for long who does not wait for it", () => {
  using own = pair();
  own.fill();
  own.drain();
  own.events();
  let told = 0;
  for (let round = 0; round < 100; round++) {
    assert.equal(own.endpoint.send(block, 0, 1000), 1000);
    assert.equal(own.drain(), 1000);
    if (own.events()) told++;
  }
  assert.ok(told > 0 && told < 20, `${told} times`);
  // And again, when it is full again.
  own.fill();
  own.drain();
  assert.equal(own.events(), true);
  assert.equal(own.endpoint.full, false);
});
