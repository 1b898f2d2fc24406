import assert from "node:assert/strict";
import fc from "fast-check";
import { Census } from "../../../lib/relay/census.ts";

Deno.test("workers count together who is connected, in all and for each uid", () => {
  const memory = Census.memory();
  const [one, other] = [new Census(memory), new Census(memory)];
  one.limit({ maxConnections: 3, maxConnectionsPerUid: 2 });
  assert.equal(one.enter(1000), undefined);
  assert.equal(other.enter(1000), undefined);
  const perUid = one.enter(1000);
  assert.deepEqual([perUid?.status, perUid?.limit], [429, "max_connections_per_uid"]);
  assert.match(perUid!.reason, /^uid 1000 has 2 connections open already$/);
  assert.equal(other.enter(0), undefined);
  assert.deepEqual([one.enter(7)?.status, one.enter(7)?.limit], [503, "max_connections"]);
  other.leave(1000);
  assert.equal(one.enter(1000), undefined);
});

Deno.test("clients of unknown uid share one number, and it is nobody else's", () => {
  const census = new Census(Census.memory());
  census.limit({ maxConnectionsPerUid: 1 });
  assert.equal(census.enter(undefined), undefined);
  assert.match(census.enter(undefined)!.reason, /unknown uid/);
  for (const uid of [0, 65534, 0x7fffffff, 0xfffffffe]) assert.equal(census.enter(uid), undefined);
  census.leave(undefined);
  assert.equal(census.enter(undefined), undefined);
});

Deno.test("limits that change hold for who comes next, and none is none", () => {
  const census = new Census(Census.memory());
  for (let n = 0; n < 5; n++) assert.equal(census.enter(5), undefined);
  census.limit({ maxConnectionsPerUid: 5 });
  assert.equal(census.enter(5)?.status, 429);
  census.limit({});
  assert.equal(census.enter(5), undefined);
});

/** A uid whose home in the table is the place `home`, one of many: the table multiplies by an odd number, which can be undone. */
function uidAt(home: number, which: number): number {
  const factor = 0x9e3779b1;
  let inverse = factor;
  for (let n = 0; n < 5; n++) inverse = Math.imul(inverse, 2 - Math.imul(factor, inverse));
  return Math.imul(inverse, (home << 18) | which) >>> 0;
}

Deno.test("whoever comes and goes, the table says what a map says", () => {
  const users = fc.nat({ max: 40 });
  fc.assert(fc.property(fc.array(fc.tuple(users, fc.boolean()), { maxLength: 400 }), (steps) => {
    const census = new Census(Census.memory());
    census.limit({ maxConnectionsPerUid: 3 });
    const counts = new Map<number, number>();
    for (const [user, comes] of steps) {
      // Three homes side by side, over the table's end: they stand in each other's way.
      const uid = uidAt((16_383 + user % 3) % 16_384, user);
      const count = counts.get(uid) ?? 0;
      if (comes) {
        assert.equal(census.enter(uid) === undefined, count < 3);
        counts.set(uid, Math.min(3, count + 1));
      } else if (count > 0) {
        census.leave(uid);
        counts.set(uid, count - 1);
      } else assert.throws(() => census.leave(uid), RangeError);
    }
  }));
});

Deno.test("more users than the table has places for are kept out, until others leave", () => {
  const census = new Census(Census.memory());
  let users = 0;
  while (census.enter(100_000 + users) === undefined) users++;
  assert.equal(users, 12_288);
  assert.equal(census.enter(5)?.limit, "max_connections");
  assert.equal(census.enter(100_000), undefined, "whoever is known may come again");
  for (let n = 0; n < users; n++) census.leave(100_000 + n);
  census.leave(100_000);
  for (let n = 0; n < users; n++) assert.equal(census.enter(n * 7919), undefined);
});
