import assert from "node:assert/strict";
import { holdDirectory, withDirectoryLock } from "../../../lib/linux/flock.ts";

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

Deno.test("a hold is one at a time, and is given back", () => {
  const directory = Deno.makeTempDirSync();
  const hold = holdDirectory(directory);
  assert.equal(holdDirectory(directory), undefined);
  hold!.release();
  holdDirectory(directory)!.release();
  Deno.removeSync(directory);
});

Deno.test("a program that a killed holder was running holds on until it ends", async () => {
  const directory = Deno.makeTempDirSync();
  const module = new URL("../../../lib/linux/flock.ts", import.meta.url).href;
  const script = `
const { holdDirectory } = await import(${JSON.stringify(module)});
holdDirectory(${JSON.stringify(directory)});
const child = new Deno.Command("sleep", { args: ["600"], stdout: "null" }).spawn();
console.log(child.pid);`;
  const holder = new Deno.Command(Deno.execPath(), {
    args: ["eval", script],
    stdout: "piped",
  }).spawn();
  const reader = holder.stdout.getReader();
  const pid = Number(new TextDecoder().decode((await reader.read()).value));
  holder.kill("SIGKILL");
  await holder.status;
  await reader.cancel();
  assert.equal(holdDirectory(directory), undefined);
  Deno.kill(pid, "SIGKILL");
  let hold = holdDirectory(directory);
  for (let tries = 0; hold === undefined && tries < 200; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    hold = holdDirectory(directory);
  }
  hold!.release();
  Deno.removeSync(directory);
});
