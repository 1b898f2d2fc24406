import assert from "node:assert/strict";
import { Door } from "../../../lib/relay/door.ts";

const open = () => new Door<string>({ most: 5, share: 2, waiting: 3 });

Deno.test("who stalls keeps those of other addresses out of nothing", () => {
  const door = open();
  const came = ["a1", "a2", "a3", "a4"].map((one) => door.enter(one, "10.0.0.1"));
  assert.deepEqual(came, ["begins", "begins", "waits", "waits"]);
  assert.equal(door.enter("b1", "10.0.0.2"), "begins");
  assert.ok(!door.full);
});

Deno.test("those of one address begin in the order in which they came", () => {
  const door = open();
  for (const one of ["a1", "a2", "a3", "a4"]) door.enter(one, "10.0.0.1");
  assert.equal(door.leave("a2"), "a3");
  assert.equal(door.leave("a1"), "a4");
  assert.equal(door.leave("a3"), undefined);
});

Deno.test("who gives up while he waits is not called, and makes room for another", () => {
  const door = open();
  for (const one of ["a1", "a2", "a3", "a4", "a5"]) door.enter(one, "10.0.0.1");
  assert.equal(door.enter("a6", "10.0.0.1"), "crowded");
  assert.equal(door.leave("a3"), undefined);
  assert.equal(door.enter("a6", "10.0.0.1"), "waits");
  assert.equal(door.leave("a1"), "a4");
});

Deno.test("the door is full when so many are inside, and open when one of them leaves", () => {
  const door = open();
  for (const n of [1, 2, 3, 4, 5]) assert.equal(door.enter(`${n}`, `10.0.0.${n}`), "begins");
  assert.ok(door.full);
  assert.equal(door.leave("3"), undefined);
  assert.ok(!door.full);
});

Deno.test("who leaves twice, or never came, changes nothing", () => {
  const door = new Door<string>({ most: 1, share: 1, waiting: 1 });
  door.enter("a", "10.0.0.1");
  door.leave("b");
  assert.ok(door.full);
  door.leave("a");
  door.leave("a");
  assert.equal(door.enter("c", "10.0.0.1"), "begins");
  assert.ok(door.full);
});

Deno.test("addresses of one network of IPv6 have one share; IPv4 in IPv6 is IPv4", () => {
  const door = open();
  const came = [
    ["a", "fd00::1"],
    ["b", "fd00::ffff:0:2"],
    ["c", "fd00::3"],
    ["d", "fd00:0:0:1::1"],
    ["e", "10.0.0.1"],
    ["f", "::ffff:10.0.0.1"],
  ].map(([one, address]) => door.enter(one!, address!));
  assert.deepEqual(came, ["begins", "begins", "waits", "begins", "begins", "begins"]);
  assert.equal(door.enter("g", "10.0.0.1"), "waits");
});
