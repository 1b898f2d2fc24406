import assert from "node:assert/strict";
import { withDirectoryLock } from "../../../lib/linux/flock.ts";

Deno.test("a lock that somebody else holds delays the work and does not prevent it", () => {
  const directory = Deno.makeTempDirSync();
  const told: string[] = [];
  const value = withDirectoryLock(directory, () => {
    told.push("outer");
    return withDirectoryLock(directory, () => {
      told.push("inner");
      return 7;
    });
  });
  assert.deepEqual([value, told], [7, ["outer", "inner"]]);
  Deno.removeSync(directory);
});

Deno.test("a lock is given back when the work fails", () => {
  const directory = Deno.makeTempDirSync();
  assert.throws(() =>
    withDirectoryLock(directory, () => {
      throw new RangeError("no");
    }), RangeError);
  const before = performance.now();
  withDirectoryLock(directory, () => {});
  assert.ok(performance.now() - before < 2000, "it waited for a lock that nobody held");
  Deno.removeSync(directory);
});
