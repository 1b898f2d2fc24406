import assert from "node:assert/strict";
import { Door } from "../../../lib/relay/door.ts";

const open = () => new Door<string>({ most: 6, calm: 4, patience: 1000, share: 2, waiting: 3 });
const begins = { begins: true };
const waits = { begins: false };

Deno.test("who stalls keeps those of other addresses out of nothing", () => {
  const door = open();
  const came = ["a1", "a2", "a3", "a4"].map((one) => door.enter(one, "10.0.0.1", 0));
  assert.deepEqual(came, [begins, begins, waits, waits]);
  assert.deepEqual(door.enter("b1", "10.0.0.2", 0), begins);
});

Deno.test("those of one address begin in the order in which they came", () => {
  const door = open();
  for (const one of ["a1", "a2", "a3", "a4"]) door.enter(one, "10.0.0.1", 0);
  assert.equal(door.leave("a2", 0), "a3");
  assert.equal(door.leave("a1", 0), "a4");
  assert.equal(door.leave("a3", 0), undefined);
});

Deno.test("who gives up while he waits is not called, and makes room for another", () => {
  const door = open();
  for (const one of ["a1", "a2", "a3", "a4", "a5"]) door.enter(one, "10.0.0.1", 0);
  assert.equal(door.enter("a6", "10.0.0.1", 0), "crowded");
  assert.equal(door.leave("a3", 0), undefined);
  assert.deepEqual(door.enter("a6", "10.0.0.1", 0), waits);
  assert.equal(door.leave("a1", 0), "a4");
});

Deno.test("where many are inside, who has had his time gives way: the oldest of the largest party", () => {
  const door = open();
  door.enter("alone", "10.0.0.9", 0);
  for (const [one, at] of [["a1", 100], ["a2", 200]] as const) door.enter(one, "10.0.0.1", at);
  assert.deepEqual(door.enter("b1", "10.0.0.2", 300), begins);
  // Nobody of the largest has had a second.
  assert.deepEqual(door.enter("c1", "10.0.0.3", 1099), begins);
  assert.deepEqual(door.enter("d1", "10.0.0.4", 1100), { begins: true, gives: "a1" });
  door.leave("a1", 1100);
  // The two that are left of the others came later than who is alone; all are parties of one.
  assert.deepEqual(door.enter("e1", "10.0.0.5", 1200), { begins: true, gives: "alone" });
});

Deno.test("where all have just begun, more are let in, and from a number on somebody gives way at once", () => {
  const door = open();
  for (const n of [1, 2, 3, 4, 5, 6]) {
    assert.deepEqual(door.enter(`${n}`, `10.0.0.${n}`, 0), begins);
  }
  assert.deepEqual(door.enter("7", "10.0.0.7", 0), { begins: true, gives: "1" });
});

Deno.test("who leaves twice, or never came, changes nothing", () => {
  const door = new Door<string>({ most: 9, calm: 9, patience: 0, share: 1, waiting: 1 });
  door.enter("a", "10.0.0.1", 0);
  door.leave("b", 0);
  door.leave("a", 0);
  door.leave("a", 0);
  assert.deepEqual(door.enter("c", "10.0.0.1", 0), begins);
  assert.deepEqual(door.enter("d", "10.0.0.1", 0), waits);
});

Deno.test("what one host has many of is one place: a network of IPv6, loopback, IPv4 in IPv6", () => {
  const door = new Door<string>({ most: 99, calm: 99, patience: 0, share: 2, waiting: 9 });
  const came = [
    ["a", "fd00::1"],
    ["b", "fd00::ffff:0:2"],
    ["c", "fd00::3"],
    ["d", "fd00:0:0:1::1"],
    ["e", "10.0.0.1"],
    ["f", "::ffff:10.0.0.1"],
    ["g", "10.0.0.1"],
    ["h", "127.0.0.1"],
    ["i", "127.9.0.2"],
    ["j", "::1"],
    ["k", "10.0.0.2"],
  ].map(([one, address]) => door.enter(one!, address!, 0));
  const expected = [begins, begins, waits, begins, begins, begins, waits, begins, begins, waits];
  assert.deepEqual(came, [...expected, begins]);
});
