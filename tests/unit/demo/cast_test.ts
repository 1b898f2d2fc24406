import assert from "node:assert/strict";
import { castOf, castOfRoot } from "../../../lib/demo/cast.ts";
import { groupName, userName } from "../../../lib/linux/nss.ts";
import { choosePolicy } from "../../../lib/policy/choose.ts";

/** The policy that somebody gets on a listener. */
function policyOf(cast: ReturnType<typeof castOf>, listener: string, uid: number): string {
  return choosePolicy(cast.rules, listener, { uid, gid: uid, groups: [] }).policy.name;
}

Deno.test("the demo of a user opens its sockets to that user alone", () => {
  const cast = castOf(1000);
  assert.deepEqual(cast.modes, { ci: 0o600, ops: 0o600 });
  assert.equal(policyOf(cast, "ci", 1000), "team");
  assert.equal(policyOf(cast, "ops", 1000), "full");
  for (const listener of ["ci", "ops"]) {
    for (const uid of [0, 999, 1001]) assert.equal(policyOf(cast, listener, uid), "deny");
  }
});

Deno.test("the demo of root plays with users that nobody is, and opens nothing to those who exist", () => {
  const cast = castOfRoot();
  const played = cast.script.flatMap(({ as }) => as === undefined ? [] : [as]);
  assert.equal(new Set(played.map(({ uid }) => uid)).size, 2);
  for (const { uid, gid } of played) {
    assert.ok(uid > 60_577, `${uid} is one that a person can have`);
    assert.deepEqual([userName(uid), groupName(gid)], [undefined, undefined]);
  }
  assert.equal(policyOf(cast, "ci", cast.reader!.uid), "team");
  for (const uid of [1, 1000, 1001, 1002, 65534]) assert.equal(policyOf(cast, "ci", uid), "deny");
});
