import assert from "node:assert/strict";
import { MAX_ID, parseId, parseIds } from "../../../lib/config/ids.ts";

for (
  const [value, range] of [
    [0, [0, 0]],
    [1000, [1000, 1000]],
    ["1000", [1000, 1000]],
    ["2000-2999", [2000, 2999]],
    ["7-7", [7, 7]],
    [MAX_ID, [MAX_ID, MAX_ID]],
  ] as const
) {
  Deno.test(`${JSON.stringify(value)} is the range ${range.join(" to ")}`, () => {
    assert.deepEqual(parseIds(value), { ids: [range] });
  });
}

for (
  const value of [
    "",
    "ci",
    "-1",
    -1,
    1.5,
    "2000-",
    "-2999",
    "2999-2000",
    "1,2",
    "1 - 2",
    "0x10",
    "007",
    "1\n",
    MAX_ID + 1,
    "0-99999999999",
  ]
) {
  Deno.test(`${JSON.stringify(value)} is no id and no range`, () => {
    assert.ok("problem" in parseIds(value));
  });
}

Deno.test("a single id is digits alone", () => {
  assert.equal(parseId("1000"), 1000);
  for (const text of ["root", "1-2", "", "+1", "1e3"]) assert.equal(parseId(text), undefined);
});
