import assert from "node:assert/strict";
import { processFacts, startOf } from "../../../lib/watch/process.ts";

const glimpse = { exe: "/usr/bin/sleep", command: ["sleep", "9"], container: "c".repeat(64) };

Deno.test("a process that lives is told by /proc, a container that only the kernel's glimpse knows too", () => {
  const exe = Deno.readLinkSync("/proc/self/exe");
  const facts = processFacts(Deno.pid, undefined, { ...glimpse, exe });
  assert.equal(facts.exe, exe);
  assert.deepEqual(facts.parent?.pid, Deno.ppid);
  assert.ok(facts.command!.length > 1);
  assert.ok(facts.container !== undefined);
});

Deno.test("one that has become another program is told by the glimpse", () => {
  const facts = processFacts(Deno.pid, Deno.ppid, glimpse);
  assert.deepEqual([facts.exe, facts.command], [glimpse.exe, glimpse.command]);
});

Deno.test("one that has ended, and one that nobody has waited for yet, is told by the glimpse", async () => {
  const child = new Deno.Command("sh", {
    args: ["-c", "sleep 0 & echo $!; exec sleep 600"],
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  const zombie = Number(new TextDecoder().decode(value));
  const state = () => Deno.readTextFileSync(`/proc/${zombie}/stat`).replace(/^.*\) /s, "")[0];
  while (state() !== "Z") await new Promise((resolve) => setTimeout(resolve, 5));
  const facts = processFacts(zombie, child.pid, glimpse);
  assert.deepEqual([facts.exe, facts.command], [glimpse.exe, glimpse.command]);
  child.kill();
  await reader.cancel();
  await child.status;
  assert.equal(startOf(child.pid), undefined);
  assert.deepEqual(processFacts(child.pid, 0, glimpse), glimpse);
  assert.deepEqual(processFacts(child.pid, 0), {});
});
