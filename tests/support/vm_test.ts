import assert from "node:assert/strict";
import { gaveUpAtBoot } from "./vm.ts";

Deno.test("only a kernel that gives up before the script begins is started again", () => {
  const panic = "[    1.035] Kernel panic - not syncing: Fatal exception in interrupt";
  assert.ok(gaveUpAtBoot({ output: `BUG: kernel NULL pointer dereference\n${panic}\n` }));
  assert.ok(!gaveUpAtBoot({ output: `\nthe script begins\nTRY\n${panic}\n` }));
  assert.ok(!gaveUpAtBoot({ output: "\nthe script begins\nthe script has ended\n" }));
  assert.ok(!gaveUpAtBoot({ output: "qemu-system-x86_64: out of memory" }));
});
